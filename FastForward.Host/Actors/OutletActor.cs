using System.Net.Sockets;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using FastForward.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Actors;

/// <summary>
/// Sends the messages of bridges as datagrams to one fixed UDP server, from a socket per stream, so that each answer of
/// the server can be assigned: it goes to the bridge's node, on the reply stream.
/// </summary>
/// <remarks>
/// A socket that was idle for long is closed, but its reply stream is not ended: the bridge may send again, and an
/// ended stream cannot be used again. The reply stream ends when the bridge's stream does.
/// </remarks>
internal sealed partial class OutletActor : IActor, ICountedService, IUdpHandler, IDisposable
{
    private static readonly TimeSpan s_sweep = TimeSpan.FromMicroseconds(1_000_000);

    /// <summary>System calls for as many clients at most are made within a cycle of the loop.</summary>
    private const int MostPerCycle = 256;

    private readonly OutletSettings _settings;
    private readonly ILogger _logger;
    private readonly IReadOnlySet<int> _avoided;
    private readonly DropLog _drops;
    private readonly ClientLog _clientLog;
    private readonly UdpReceiver _receiver;
    private readonly OutletClients _clients;
    private readonly Dictionary<UdpSocket, OutletClient> _bySocket = [];

    private ForwardNode? _node;
    private ForwardLoop? _loop;
    private LoopTimer? _sweep;
    private LoopTimer? _check;
    private long _emitted;
    private long _answered;

    /// <param name="settings">Its section.</param>
    /// <param name="logger">Its log.</param>
    /// <param name="avoided">Ports that its sockets must not take, because nodes of this host need them.</param>
    public OutletActor(OutletSettings settings, ILogger logger, IReadOnlySet<int>? avoided = null)
    {
        _avoided = avoided ?? new HashSet<int>();
        _settings = settings;
        _logger = logger;
        _drops = new DropLog(settings.Name, logger);
        _clientLog = new ClientLog(settings.Name, logger);
        _clients = new OutletClients(settings.MaxClients);
        _receiver = new UdpReceiver(this);
    }

    /// <inheritdoc/>
    public string Name => _settings.Name;

    /// <inheritdoc/>
    public ushort Service => _settings.Service;

    /// <inheritdoc/>
    public int ClientCount => _clients.Count;

    ZonedEndPoint ICountedService.Address => _settings.Target;

    long ICountedService.ToNode => Volatile.Read(ref _answered);

    long ICountedService.FromNode => Volatile.Read(ref _emitted);

    DropLog ICountedService.Drops => _drops;

    /// <inheritdoc/>
    public void OnStart(ActorContext context)
    {
        _node = context.Node;
        _loop = context.Loop;
        _loop.Add(_receiver);
        _sweep = _loop.CreateTimer(Sweep);
        _sweep.SetAfter(s_sweep);
        _check = _loop.CreateTimer(Check);
        LogServing(_logger, Name, _settings.Service, _settings.Target);
    }

    /// <inheritdoc/>
    public void OnMessage(in ReceivedMessage message)
    {
        if (message.Payload.Length < CarriedDatagram.HeadBytes)
        {
            _drops.Add(DropReason.NoHead, null, _loop!.Now);
            return;
        }

        ReadOnlySpan<byte> datagram = message.Payload[CarriedDatagram.HeadBytes..];
        int hops = message.Payload[0] - CarriedDatagram.HopsOfPassage;
        if (hops <= 0)
        {
            _drops.Add(DropReason.HopsUsedUp, datagram.Length, _loop!.Now);
            return;
        }

        OutletClient? client = Find(message);
        if (client is null)
            return;
        _clients.Touch(client, _loop!.Now);
        if (client.Hops != hops)
        {
            client.Socket.SetHopLimit((byte)hops);
            client.Hops = hops;
        }

        SocketError error = client.Socket.Send(datagram);
        if (error == SocketError.ConnectionRefused)
        {
            // The error belongs to an earlier datagram; reading it cleared it.
            _drops.Add(DropReason.TargetRefused, datagram.Length, _loop.Now);
            error = client.Socket.Send(datagram);
        }

        if (error == SocketError.Success)
            _emitted++;
        else if (error == SocketError.MessageSize)
            _drops.Add(DropReason.TooLargeForNetwork, datagram.Length, _loop.Now);
        else
        {
            _drops.Add(DropReason.NotAccepted, datagram.Length, _loop.Now);
            // A socket stays with the index of an interface that may be gone; the next one looks for its name again.
            if (_settings.Target.Address.Interface is not null && error != SocketError.WouldBlock)
                Close(client, $"the target cannot be reached over it: {error}");
        }
    }

    void IUdpHandler.OnDatagram(UdpSocket socket, ReadOnlySpan<byte> datagram, in UdpSource source) =>
        Answer(_bySocket[socket], datagram);

    void IUdpHandler.OnError(UdpSocket socket, SocketError error) =>
        _drops.Add(
            error == SocketError.ConnectionRefused ? DropReason.TargetRefused : DropReason.SocketError,
            null,
            _loop!.Now
        );

    /// <inheritdoc/>
    public void OnStreamEnd(in StreamEnd end)
    {
        if (_clients.TryFind(end.Node, end.Stream, out OutletClient? client))
            Close(client, "its stream has ended");
        if (end.Reason != StreamEndReason.PeerLost)
        {
            // Also when the socket was closed before. The class does not matter for an end.
            _ = _node!.OpenReply(end.Node, end.Stream, MessageClass.Reliable).End();
        }
    }

    /// <inheritdoc/>
    public void OnUndelivered(in Undelivered report) =>
        _drops.Add(DropReason.Undelivered, null, _loop!.Now, (long)report.Count);

    /// <inheritdoc/>
    public void OnStop()
    {
        _sweep?.Cancel();
        _check?.Cancel();
        _loop?.Remove(_receiver);
        Dispose();
        LogStopped(_logger, Name, _emitted, _answered, _drops.Total);
    }

    /// <summary>Closes the sockets, also of an outlet that never started.</summary>
    public void Dispose()
    {
        while (_clients.Oldest is { } client)
            Close(client, "the outlet stops");
        _receiver.Dispose();
    }

    private OutletClient? Find(in ReceivedMessage message)
    {
        if (_clients.TryFind(message.Node, message.Stream, out OutletClient? client))
            return client;
        OutletNode node = _clients.NodeOf(message.Node);
        if (_clients.IsFull)
        {
            if (_clients.TakePlace(node, _loop!.Now) is not { } displaced)
            {
                _drops.Add(DropReason.NoPlace, message.Payload.Length, _loop.Now);
                return null;
            }

            Close(displaced, "another client needed its place");
        }

        UdpSocket? socket = null;
        try
        {
            socket = Connect();
            _receiver.Add(socket);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            socket?.Dispose();
            _drops.Add(DropReason.NoSocket, message.Payload.Length, _loop!.Now, detail: exception.Message);
            return null;
        }

        client = new OutletClient
        {
            Node = node,
            Stream = message.Stream,
            Reply = _node!.OpenReply(message),
            Socket = socket,
        };
        _bySocket.Add(socket, client);
        _clients.Add(client, _loop!.Now);
        return client;
    }

    /// <summary>A socket on a port of the kernel's choice that is not one of those to avoid.</summary>
    private UdpSocket Connect()
    {
        UdpSocket socket = UdpSocket.Connect(_settings.Target.Resolve());
        if (!_avoided.Contains(socket.LocalEndPoint.Port))
            return socket;
        using (socket) // keeps its port until another one is found
            return Connect();
    }

    private void Answer(OutletClient client, ReadOnlySpan<byte> datagram)
    {
        _clients.Touch(client, _loop!.Now);
        SendStatus status = client.Reply.Send(datagram).Status;
        if (status == SendStatus.Accepted)
            _answered++;
        else
            _drops.Add(SendRefusal.Describe(status, client.Reply.Class), datagram.Length, _loop.Now);
    }

    private void Close(OutletClient client, string reason)
    {
        if (_clientLog.TryTakeLine())
            LogClosed(_logger, Name, client.Node.Id, client.Stream, reason);
        CountOverflows(client, _loop?.Now ?? default);
        _receiver.Remove(client.Socket);
        client.Socket.Dispose();
        _bySocket.Remove(client.Socket);
        _clients.Remove(client);
    }

    /// <summary>Counts the answers that the kernel dropped because the buffer of a socket was full.</summary>
    private void CountOverflows(OutletClient client, TimeSpan now)
    {
        uint overflows = client.Socket.DroppedDatagrams;
        if (overflows != client.Overflows)
            _drops.Add(DropReason.OutletBufferFull, null, now, unchecked(overflows - client.Overflows));
        client.Overflows = overflows;
    }

    private void Sweep()
    {
        Check();
        _drops.Flush(_loop!.Now);
        _clientLog.Sweep();
        _sweep!.SetAfter(s_sweep);
    }

    /// <summary>Counts overflows and closes what is idle; what is too much for a cycle in the next ones.</summary>
    private void Check()
    {
        TimeSpan now = _loop!.Now;
        TimeSpan limit = now - TimeSpan.FromSeconds(_settings.IdleSeconds);
        for (int i = 0; i < MostPerCycle; i++)
        {
            if (_clients.TryTakeUsed(out OutletClient? used)) // whose buffer was full was read since, and so used
            {
                if (_bySocket.ContainsKey(used.Socket))
                    CountOverflows(used, now);
            }
            else if (_clients.Oldest is { } client && client.LastUsed < limit)
                Close(client, "it was silent for too long");
            else
                return;
        }

        _check!.SetAfter(TimeSpan.Zero);
    }

    [LoggerMessage(
        EventId = 8020,
        Level = LogLevel.Information,
        Message = "{Actor}: serves service {Service} with the UDP server {Target}"
    )]
    private static partial void LogServing(ILogger logger, string actor, ushort service, ZonedEndPoint target);

    [LoggerMessage(
        EventId = 8022,
        Level = LogLevel.Debug,
        Message = "{Actor}: the socket for stream {Stream} of node {Node} is closed: {Reason}"
    )]
    private static partial void LogClosed(ILogger logger, string actor, uint node, ulong stream, string reason);

    [LoggerMessage(
        EventId = 8021,
        Level = LogLevel.Information,
        Message = "{Actor}: stopped; {Emitted} datagrams emitted, {Answered} answers sent back, {Dropped} dropped"
    )]
    private static partial void LogStopped(ILogger logger, string actor, long emitted, long answered, long dropped);
}
