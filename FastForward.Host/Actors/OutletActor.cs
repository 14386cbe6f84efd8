using System.Net;
using System.Net.Sockets;
using FastForward.Host.Instances;
using FastForward.Host.Interop;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Actors;

/// <summary>
/// Emits the messages of bridges as datagrams to one fixed UDP server, from a socket per stream, so that the server's
/// answers find back: each goes to the node it belongs to, on the answer stream of the same number.
/// </summary>
/// <remarks>
/// A socket that was silent for long is closed, but its answer stream is not ended: the bridge may send again, and a
/// stream number is used up by its end. The answer stream ends when the bridge's stream does.
/// </remarks>
internal sealed partial class OutletActor : IActor, ILoopSource, IDisposable
{
    private const long SweepMicros = 1_000_000;
    private const int AnswersPerSocket = 16;
    private const string Refused = "nobody listens at the target (the local network answered: connection refused)";

    private readonly OutletSettings _settings;
    private readonly ILogger _logger;
    private readonly DropLog _drops;
    private readonly ClientLog _clientLog;
    private readonly ReadySet _ready = new();
    private readonly byte[] _buffer = GC.AllocateArray<byte>(DatagramSocket.MaxDatagram, pinned: true);
    private readonly Dictionary<(uint Node, ulong Stream), OutletClient> _clients = [];
    private readonly List<OutletClient?> _slots = [];
    private readonly Stack<int> _freeSlots = [];
    private readonly RecencyList<OutletClient> _recency = new();

    private ForwardNode? _node;
    private ForwardLoop? _loop;
    private LoopTimer? _sweep;
    private long _emitted;
    private long _answered;

    public OutletActor(OutletSettings settings, ILogger logger)
    {
        _settings = settings;
        _logger = logger;
        _drops = new DropLog(settings.Name, logger);
        _clientLog = new ClientLog(settings.Name, logger);
    }

    /// <inheritdoc/>
    public string Name => _settings.Name;

    /// <summary>The service it serves.</summary>
    public ushort Service => _settings.Service;

    /// <summary>Sockets open now.</summary>
    public int ClientCount => _recency.Count;

    int ILoopSource.Descriptor => _ready.Descriptor;

    /// <inheritdoc/>
    public void OnStart(ActorContext context)
    {
        _node = context.Node;
        _loop = context.Loop;
        _loop.Add(this);
        _sweep = _loop.CreateTimer(Sweep);
        _sweep.SetAfter(SweepMicros);
        LogServing(_logger, Name, _settings.Service, _settings.Target);
    }

    /// <inheritdoc/>
    public void OnMessage(in ReceivedMessage message)
    {
        OutletClient? client = Find(message);
        if (client is null)
            return;
        _recency.Touch(client, _loop!.NowMicros);
        client.Class = message.Class;
        int sent = client.Socket.Send(message.Payload);
        if (sent is -LibC.ECONNREFUSED)
        {
            // The error belongs to an earlier datagram; reading it cleared it.
            _drops.Add(Refused, message.Payload.Length, _loop.NowMicros);
            sent = client.Socket.Send(message.Payload);
        }

        if (sent >= 0)
            _emitted++;
        else
            _drops.Add("the local network did not take a datagram", message.Payload.Length, _loop.NowMicros);
    }

    int ILoopSource.Poll(int budget)
    {
        if (_recency.Count == 0)
            return 0;
        int readable = _ready.Look();
        int done = 0;
        for (int i = 0; i < readable && done < budget; i++)
        {
            if (_slots[_ready[i]] is { } client)
                done += TakeAnswers(client);
        }

        return done;
    }

    // What a budget leaves over still shows on the descriptor.
    bool ILoopSource.Arm() => false;

    void ILoopSource.Disarm() { }

    /// <inheritdoc/>
    public void OnStreamEnd(in StreamEnd end)
    {
        if (_clients.TryGetValue((end.Node, end.Stream), out OutletClient? client))
            Close(client, "its stream has ended");
        if (end.Reason != StreamEndReason.PeerLost)
            _ = _node!.EndStream(end.Node, AnswerTo(end.Stream)); // also when its socket was closed before
    }

    /// <inheritdoc/>
    public void OnUndelivered(in Undelivered report) =>
        _drops.Add(
            "an answer that was sent, but perhaps not delivered: the node went away or the path changed",
            0,
            _loop!.NowMicros,
            (long)report.Count
        );

    /// <inheritdoc/>
    public void OnStop()
    {
        _sweep?.Cancel();
        _loop?.Remove(this);
        LogStopped(_logger, Name, _emitted, _answered, _drops.Total);
        Dispose();
    }

    /// <summary>Closes the sockets; also of an outlet that never started.</summary>
    public void Dispose()
    {
        while (_recency.Oldest is { } client)
            Close(client, "the outlet stops");
        _ready.Dispose();
    }

    private OutletClient? Find(in ReceivedMessage message)
    {
        if (_clients.TryGetValue((message.Node, message.Stream), out OutletClient? client))
            return client;
        if (_recency.Count >= _settings.MaxClients)
            Close(_recency.Oldest!, "another client needed its place");
        DatagramSocket? socket = null;
        try
        {
            socket = DatagramSocket.Connect(_settings.Target);
            if (!_freeSlots.TryPop(out int slot))
            {
                slot = _slots.Count;
                _slots.Add(null);
            }

            client = new OutletClient
            {
                Node = message.Node,
                Stream = message.Stream,
                AnswerStream = AnswerTo(message.Stream),
                Class = message.Class,
                Socket = socket,
                Slot = slot,
            };
            _ready.Add(socket, slot);
            _slots[slot] = client;
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            socket?.Dispose();
            _drops.Add($"no socket could be opened: {exception.Message}", message.Payload.Length, _loop!.NowMicros);
            return null;
        }

        _clients.Add((client.Node, client.Stream), client);
        _recency.Add(client, _loop!.NowMicros);
        return client;
    }

    private int TakeAnswers(OutletClient client)
    {
        for (int taken = 0; taken < AnswersPerSocket; taken++)
        {
            int length = client.Socket.Receive(_buffer, out _);
            if (length is -LibC.EAGAIN)
                return taken;
            if (length < 0)
            {
                _drops.Add(
                    length is -LibC.ECONNREFUSED ? Refused : "the socket to the target reported an error",
                    0,
                    _loop!.NowMicros
                );
                return taken + 1;
            }

            Answer(client, _buffer.AsSpan(0, length));
        }

        return AnswersPerSocket;
    }

    private void Answer(OutletClient client, ReadOnlySpan<byte> datagram)
    {
        _recency.Touch(client, _loop!.NowMicros);
        SendStatus status = _node!.Send(client.Node, client.AnswerStream, client.Class, datagram).Status;
        if (status == SendStatus.Unsupported && client.Class == MessageClass.Reliable)
        {
            // The way back is another one, which cannot carry the class: a fresh stream may still be real-time.
            client.Class = MessageClass.RealTime;
            status = _node.Send(client.Node, client.AnswerStream, client.Class, datagram).Status;
        }

        if (status == SendStatus.Accepted)
            _answered++;
        else
            _drops.Add(SendRefusal.Describe(status, client.Class), datagram.Length, _loop.NowMicros);
    }

    private void Close(OutletClient client, string reason)
    {
        ulong number = ActorStream.NumberOf(client.Stream);
        if (_clientLog.Takes())
            LogClosed(_logger, Name, client.Node, number, reason);
        _ready.Remove(client.Socket);
        client.Socket.Dispose();
        _slots[client.Slot] = null;
        _freeSlots.Push(client.Slot);
        _clients.Remove((client.Node, client.Stream));
        _recency.Remove(client);
    }

    private static ulong AnswerTo(ulong stream) =>
        ActorStream.Compose(ActorStream.Opposite(ActorStream.ServiceOf(stream)), ActorStream.NumberOf(stream));

    private void Sweep()
    {
        long now = _loop!.NowMicros;
        long limit = now - (_settings.IdleSeconds * 1_000_000L);
        while (_recency.Oldest is { } client && client.LastUsed < limit)
            Close(client, "it was silent for too long");
        _drops.Flush(now);
        _clientLog.Sweep();
        _sweep!.SetAfter(SweepMicros);
    }

    [LoggerMessage(
        EventId = 8020,
        Level = LogLevel.Information,
        Message = "{Actor}: serves service {Service} with the UDP server {Target}"
    )]
    private static partial void LogServing(ILogger logger, string actor, ushort service, IPEndPoint target);

    [LoggerMessage(
        EventId = 8022,
        Level = LogLevel.Debug,
        Message = "{Actor}: the socket for stream {Number} of node {Node} is closed: {Reason}"
    )]
    private static partial void LogClosed(ILogger logger, string actor, uint node, ulong number, string reason);

    [LoggerMessage(
        EventId = 8021,
        Level = LogLevel.Information,
        Message = "{Actor}: stopped; {Emitted} datagrams emitted, {Answered} answers sent back, {Dropped} dropped"
    )]
    private static partial void LogStopped(ILogger logger, string actor, long emitted, long answered, long dropped);
}
