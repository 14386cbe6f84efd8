using System.Net.Sockets;
using FastForward.Host.Instances;
using FastForward.Host.Interop;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Actors;

/// <summary>
/// Takes the datagrams of any UDP client at a local port and sends each as one message to a node, on a stream per
/// client. Answers come on the service's answer streams under the same number and go to the client they belong to.
/// Where the datagrams end up is not the bridge's to say: the outlet there decides.
/// </summary>
internal sealed partial class BridgeActor : IActor, ILoopSource, IDisposable
{
    private const long SweepMicros = 1_000_000;

    private readonly BridgeSettings _settings;
    private readonly ILogger _logger;
    private readonly DropLog _drops;
    private readonly ClientLog _clientLog;
    private readonly DatagramSocket _socket;
    private readonly StreamNumbers _numbers = new(TimeProvider.System);
    private readonly byte[] _buffer = GC.AllocateArray<byte>(DatagramSocket.MaxDatagram, pinned: true);
    private readonly Dictionary<UdpAddress, BridgeClient> _byAddress = [];
    private readonly Dictionary<ulong, BridgeClient> _byNumber = [];
    private readonly RecencyList<BridgeClient> _recency = new();

    private ForwardNode? _node;
    private ForwardLoop? _loop;
    private LoopTimer? _sweep;
    private long _forwarded;
    private long _answered;
    private uint _overflows;

    /// <summary>Creates the bridge and takes its port, so that a port in use is told before anything starts.</summary>
    /// <exception cref="SocketException">The port cannot be had.</exception>
    public BridgeActor(BridgeSettings settings, ILogger logger)
    {
        _settings = settings;
        _logger = logger;
        _drops = new DropLog(settings.Name, logger);
        _clientLog = new ClientLog(settings.Name, logger);
        _socket = DatagramSocket.Bind(settings.Listen);
    }

    /// <inheritdoc/>
    public string Name => _settings.Name;

    /// <summary>The service its answers come on.</summary>
    public ServiceId AnswerService => new ServiceId(_settings.Service).Reply;

    /// <summary>Clients known now.</summary>
    public int ClientCount => _recency.Count;

    int ILoopSource.Descriptor => _socket.Descriptor;

    /// <inheritdoc/>
    public void OnStart(ActorContext context)
    {
        _node = context.Node;
        _loop = context.Loop;
        _loop.Add(this);
        _sweep = _loop.CreateTimer(Sweep);
        _sweep.SetAfter(SweepMicros);
        CountOverflows(_loop.NowMicros); // the port is taken before the loop runs
        LogListening(_logger, Name, _settings.Listen, _settings.Node, _settings.Service);
    }

    int ILoopSource.Poll(int budget)
    {
        int done = 0;
        while (done < budget)
        {
            int length = _socket.Receive(_buffer, out UdpAddress from);
            if (length < 0)
            {
                if (length is -LibC.EINTR)
                    continue;
                if (length is not -LibC.EAGAIN)
                    _drops.Add("the local socket reported an error", 0, _loop!.NowMicros);
                break;
            }

            done++;
            Forward(_buffer.AsSpan(0, length), from);
        }

        return done;
    }

    // What a budget leaves over still shows on the descriptor.
    bool ILoopSource.Arm() => false;

    void ILoopSource.Disarm() { }

    /// <inheritdoc/>
    public void OnMessage(in ReceivedMessage message)
    {
        // Only the node that the bridge sends to may answer: stream numbers can be guessed.
        if (
            message.Node != _settings.Node
            || !_byNumber.TryGetValue(ActorStream.NumberOf(message.Stream), out BridgeClient? client)
        )
        {
            _drops.Add("an answer for no client", message.Payload.Length, _loop!.NowMicros);
            return;
        }

        _recency.Touch(client, _loop!.NowMicros);
        int sent = _socket.SendTo(message.Payload, client.Address);
        if (sent >= 0)
            _answered++;
        else
            _drops.Add("an answer that the local network did not take", message.Payload.Length, _loop.NowMicros);
    }

    /// <inheritdoc/>
    public void OnStreamEnd(in StreamEnd end)
    {
        if (
            end.Node == _settings.Node
            && _byNumber.TryGetValue(ActorStream.NumberOf(end.Stream), out BridgeClient? client)
        )
            Forget(client, "the other node ended its stream");
    }

    /// <inheritdoc/>
    public void OnPeer(in PeerEvent change)
    {
        if (change.Node != _settings.Node)
            return;
        switch (change.Kind)
        {
            // The old streams died with the old association; the clients' next datagrams open new ones.
            case PeerEventKind.Lost or PeerEventKind.Restarted:
                while (_recency.Oldest is { } client)
                    Forget(client, "its stream died with the connection");
                break;

            // What waits to be sent reliably would wait for a path that can: a datagram is of no use by then.
            case PeerEventKind.Connected
            or PeerEventKind.PathChanged
                when change.Transport == TransportKind.Ip && _settings.Class == StreamClassChoice.Auto:
                foreach (
                    BridgeClient client in _byAddress.Values.Where(static client =>
                        client.Class == MessageClass.Reliable
                    )
                )
                    Renew(client, MessageClass.RealTime);
                break;
        }
    }

    /// <inheritdoc/>
    public void OnUndelivered(in Undelivered report)
    {
        _drops.Add(
            "sent, but perhaps not delivered: the node went away or the path changed",
            0,
            _loop!.NowMicros,
            (long)report.Count
        );
        if (report.Reason != UndeliveredReason.Unsupported || _settings.Class != StreamClassChoice.Auto)
            return;
        if (_byNumber.TryGetValue(ActorStream.NumberOf(report.Stream), out BridgeClient? client))
            Renew(client, MessageClass.RealTime);
    }

    /// <inheritdoc/>
    public void OnStop()
    {
        _sweep?.Cancel();
        _loop?.Remove(this);
        CountOverflows(_loop?.NowMicros ?? 0);
        LogStopped(_logger, Name, _forwarded, _answered, _drops.Total);
        Dispose();
    }

    /// <summary>Gives the port back; also of a bridge that never started.</summary>
    public void Dispose() => _socket.Dispose();

    private void Forward(ReadOnlySpan<byte> datagram, in UdpAddress from)
    {
        long now = _loop!.NowMicros;
        if (!_byAddress.TryGetValue(from, out BridgeClient? client))
            client = Admit(from, now);
        else
            _recency.Touch(client, now);

        SendStatus status = Send(client, datagram);
        if (
            status == SendStatus.Unsupported
            && client.Class == MessageClass.Reliable
            && _settings.Class == StreamClassChoice.Auto
        )
        {
            Renew(client, MessageClass.RealTime);
            status = Send(client, datagram);
        }
        else if (status is SendStatus.StreamEnded or SendStatus.WrongClass)
        {
            Renew(client, client.Class);
            status = Send(client, datagram);
        }

        if (status == SendStatus.Accepted)
            _forwarded++;
        else
            _drops.Add(SendRefusal.Describe(status, client.Class), datagram.Length, now);
    }

    private SendStatus Send(BridgeClient client, ReadOnlySpan<byte> datagram)
    {
        SendStatus status = _node!.Send(_settings.Node, StreamOf(client), client.Class, datagram).Status;
        client.Opened |= status == SendStatus.Accepted;
        return status;
    }

    private BridgeClient Admit(in UdpAddress from, long now)
    {
        if (_recency.Count >= _settings.MaxClients)
            Forget(_recency.Oldest!, "another client needed its place");
        BridgeClient client = new()
        {
            Address = from,
            Number = _numbers.Next(),
            Class = _settings.Class == StreamClassChoice.RealTime ? MessageClass.RealTime : MessageClass.Reliable,
        };
        _byAddress.Add(from, client);
        _byNumber.Add(client.Number, client);
        _recency.Add(client, now);
        if (_clientLog.Takes())
            LogClient(_logger, Name, client.Address, client.Number);
        return client;
    }

    /// <summary>Gives a client another stream: the class of a stream is fixed, and so is its end.</summary>
    private void Renew(BridgeClient client, MessageClass messageClass)
    {
        // Reset: what the old stream still holds is reported now.
        if (client.Opened)
            _ = _node!.ResetStream(_settings.Node, StreamOf(client), 0);
        _byNumber.Remove(client.Number);
        client.Number = _numbers.Next();
        client.Class = messageClass;
        client.Opened = false;
        _byNumber.Add(client.Number, client);
    }

    private void Forget(BridgeClient client, string reason)
    {
        if (_clientLog.Takes())
            LogForgotten(_logger, Name, client.Address, reason);
        EndStream(client);
        _byNumber.Remove(client.Number);
        _byAddress.Remove(client.Address);
        _recency.Remove(client);
    }

    private void EndStream(BridgeClient client)
    {
        if (client.Opened)
            _ = _node!.EndStream(_settings.Node, StreamOf(client)); // a dead one needs no end
    }

    private ulong StreamOf(BridgeClient client) => ActorStream.Compose(_settings.Service, client.Number);

    /// <summary>What the kernel could not keep never came this far, but it was lost here.</summary>
    private void CountOverflows(long now)
    {
        uint overflows = _socket.Overflows;
        if (overflows != _overflows)
            _drops.Add(
                "clients sent faster than the bridge reads (the buffer of its socket was full)",
                0,
                now,
                unchecked(overflows - _overflows)
            );
        _overflows = overflows;
    }

    private void Sweep()
    {
        long now = _loop!.NowMicros;
        long limit = now - (_settings.IdleSeconds * 1_000_000L);
        while (_recency.Oldest is { } client && client.LastUsed < limit)
            Forget(client, "it was silent for too long");
        CountOverflows(now);
        _drops.Flush(now);
        _clientLog.Sweep();
        _sweep!.SetAfter(SweepMicros);
    }

    [LoggerMessage(
        EventId = 8000,
        Level = LogLevel.Information,
        Message = "{Actor}: takes UDP datagrams at {Listen} for node {Node}, service {Service}"
    )]
    private static partial void LogListening(
        ILogger logger,
        string actor,
        System.Net.IPEndPoint listen,
        uint node,
        ushort service
    );

    [LoggerMessage(EventId = 8001, Level = LogLevel.Debug, Message = "{Actor}: client {Address} has stream {Number}")]
    private static partial void LogClient(ILogger logger, string actor, UdpAddress address, ulong number);

    [LoggerMessage(
        EventId = 8003,
        Level = LogLevel.Debug,
        Message = "{Actor}: client {Address} is forgotten: {Reason}"
    )]
    private static partial void LogForgotten(ILogger logger, string actor, UdpAddress address, string reason);

    [LoggerMessage(
        EventId = 8002,
        Level = LogLevel.Information,
        Message = "{Actor}: stopped; {Forwarded} datagrams sent to the node, {Answered} answers given, {Dropped} dropped"
    )]
    private static partial void LogStopped(ILogger logger, string actor, long forwarded, long answered, long dropped);
}
