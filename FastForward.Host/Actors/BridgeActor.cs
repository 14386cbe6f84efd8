using System.Net;
using System.Net.Sockets;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using FastForward.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Actors;

/// <summary>
/// Receives the datagrams of any UDP client at a local port and sends each as one message to a node, on a stream per
/// client. Replies come on the reply stream and go to the client they belong to. The bridge has no say in where the
/// datagrams end up: the outlet of the other node decides.
/// </summary>
internal sealed partial class BridgeActor : IActor, ICountedService, IUdpHandler, IDisposable
{
    private static readonly TimeSpan s_sweep = TimeSpan.FromMicroseconds(1_000_000);

    private readonly BridgeSettings _settings;
    private readonly ILogger _logger;
    private readonly DropLog _drops;
    private readonly ClientLog _clientLog;
    private readonly UdpReceiver _receiver;
    private readonly BridgeClients _clients;
    private readonly BridgePlaces _places;
    private readonly Dictionary<ulong, BridgeClient> _byStream = []; // by the stream and by that of its replies
    private readonly FairShare _share = new();
    private readonly byte[] _message = new byte[CarriedDatagram.HeadBytes + UdpSocket.MaxDatagramBytes];

    private UdpSocket _socket;
    private ForwardNode? _node;
    private ForwardLoop? _loop;
    private LoopTimer? _sweep;
    private long _forwarded;
    private long _answered;
    private uint _overflows;
    private bool _isMissing;

    /// <summary>
    /// Creates the bridge and binds its port, so that a port in use is reported before anything starts.
    /// </summary>
    /// <param name="settings">Its section.</param>
    /// <param name="logger">Its log.</param>
    /// <param name="places">Where the bridges of the instance listen; null for this one only.</param>
    /// <exception cref="SocketException">The port is not available.</exception>
    public BridgeActor(BridgeSettings settings, ILogger logger, BridgePlaces? places = null)
    {
        _settings = settings;
        _logger = logger;
        _drops = new DropLog(settings.Name, logger);
        _clientLog = new ClientLog(settings.Name, logger);
        _clients = new BridgeClients(settings.MaxClients);
        _places = places ?? new BridgePlaces([settings.Listen]);
        _socket = UdpSocket.Bind(settings.Listen.Resolve());
        _receiver = new UdpReceiver(this);
        _receiver.Add(_socket);
    }

    /// <inheritdoc/>
    public string Name => _settings.Name;

    /// <summary>The service its replies come on.</summary>
    public ServiceId ReplyService => new ServiceId(_settings.Service).Reply;

    /// <inheritdoc/>
    public int ClientCount => _clients.Count;

    ushort ICountedService.Service => _settings.Service;

    ZonedEndPoint ICountedService.Address => _settings.Listen;

    long ICountedService.ToNode => Volatile.Read(ref _forwarded);

    long ICountedService.FromNode => Volatile.Read(ref _answered);

    DropLog ICountedService.Drops => _drops;

    /// <inheritdoc/>
    public void OnStart(ActorContext context)
    {
        _node = context.Node;
        _loop = context.Loop;
        _loop.Add(_receiver);
        _sweep = _loop.CreateTimer(Sweep);
        _sweep.SetAfter(s_sweep);
        CountOverflows(_loop.Now); // the port is bound before the loop runs
        LogListening(_logger, Name, _settings.Listen, _settings.Node, _settings.Service);
    }

    void IUdpHandler.OnDatagram(UdpSocket socket, ReadOnlySpan<byte> datagram, in UdpSource source) =>
        Forward(datagram, source);

    void IUdpHandler.OnError(UdpSocket socket, SocketError error) =>
        _drops.Add(DropReason.SocketError, null, _loop!.Now);

    /// <inheritdoc/>
    public void OnMessage(in ReceivedMessage message)
    {
        // Only the node that the bridge sends to may reply: stream numbers can be guessed.
        if (message.Node != _settings.Node || !_byStream.TryGetValue(message.Stream, out BridgeClient? client))
        {
            _drops.Add(DropReason.NoClient, message.Payload.Length, _loop!.Now);
            return;
        }

        _clients.Touch(client, _loop!.Now);
        client.IsAnswered = true;
        if (_socket.Answer(message.Payload, client.Source) == SocketError.Success)
            _answered++;
        else
            _drops.Add(DropReason.NotAccepted, message.Payload.Length, _loop.Now);
    }

    /// <inheritdoc/>
    public void OnStreamEnd(in StreamEnd end)
    {
        if (end.Node == _settings.Node && _byStream.TryGetValue(end.Stream, out BridgeClient? client))
            Forget(client, "the other node ended its stream");
    }

    /// <inheritdoc/>
    public void OnPeer(in PeerEvent change)
    {
        if (change.Node != _settings.Node || change.Kind is not (PeerEventKind.Lost or PeerEventKind.Restarted))
            return;
        // The old streams ended with the old association; the clients' next datagrams open new ones.
        while (_clients.Oldest is { } client)
            Forget(client, "its stream ended with the connection");
    }

    /// <inheritdoc/>
    public void OnUndelivered(in Undelivered report) =>
        _drops.Add(DropReason.Undelivered, null, _loop!.Now, (long)report.Count);

    /// <inheritdoc/>
    public void OnStop()
    {
        _sweep?.Cancel();
        _loop?.Remove(_receiver);
        CountOverflows(_loop?.Now ?? default);
        LogStopped(_logger, Name, _forwarded, _answered, _drops.Total);
        Dispose();
    }

    /// <summary>Closes the port, also of a bridge that never started.</summary>
    public void Dispose()
    {
        _receiver.Dispose();
        _socket.Dispose();
    }

    private void Forward(ReadOnlySpan<byte> payload, in UdpSource from)
    {
        TimeSpan now = _loop!.Now;
        if (_clients.TryFind(from, out BridgeClient? client))
        {
            _clients.Touch(client, now);
            if (client.IsAnswered && !client.IsEstablished)
                _clients.Establish(client);
        }
        else if (_places.Contain(from))
        {
            _drops.Add(DropReason.FromBridge, payload.Length, now);
            return;
        }
        else if ((client = Admit(from, now)) is null)
        {
            _drops.Add(DropReason.NoPlace, payload.Length, now);
            return;
        }

        if (!_share.Allows(client.Share, now))
        {
            _drops.Add(DropReason.OverShare, payload.Length, now);
            return;
        }

        _message[0] = from.HopLimit == 0 ? CarriedDatagram.UsualHops : from.HopLimit;
        payload.CopyTo(_message.AsSpan(CarriedDatagram.HeadBytes));
        ReadOnlySpan<byte> datagram = _message.AsSpan(0, CarriedDatagram.HeadBytes + payload.Length);
        SendStatus status = Send(client, datagram);
        if (status is SendStatus.StreamEnded or SendStatus.WrongClass)
        {
            Renew(client);
            status = Send(client, datagram);
        }

        if (status == SendStatus.Accepted)
        {
            _forwarded++;
            _share.Accepted(client.Share);
            return;
        }

        if (status == SendStatus.BackPressured)
            _share.Refused();
        _drops.Add(SendRefusal.Describe(status, client.Stream.Class), payload.Length, now);
    }

    private static SendStatus Send(BridgeClient client, ReadOnlySpan<byte> datagram)
    {
        SendStatus status = client.Stream.Send(datagram).Status;
        client.Opened |= status == SendStatus.Accepted;
        return status;
    }

    private BridgeClient? Admit(in UdpSource from, TimeSpan now)
    {
        BridgeHost host = _clients.HostOf(from);
        if (_clients.IsFull)
        {
            if (_clients.TakePlace(host, now) is not { } displaced)
                return null;
            Forget(displaced, "another client needed its place");
        }

        BridgeClient client = new()
        {
            Source = from,
            Host = host,
            Stream = OpenStream(),
        };
        AddStream(client);
        _clients.Add(client, now);
        if (_clientLog.TryTakeLine())
            LogClient(_logger, Name, client.Source.Address, client.Stream.Id);
        return client;
    }

    /// <summary>Gives a client another stream: an ended one stays ended.</summary>
    private void Renew(BridgeClient client)
    {
        // Reset, so that what the old stream still holds is reported now.
        if (client.Opened)
            _ = client.Stream.Reset();
        RemoveStream(client);
        client.Stream = OpenStream();
        client.Opened = false;
        AddStream(client);
    }

    private ForwardStream OpenStream() =>
        _node!.OpenStream(_settings.Node, _settings.Class, new ServiceId(_settings.Service));

    private void AddStream(BridgeClient client)
    {
        _byStream.Add(client.Stream.Id, client);
        _byStream.Add(client.Stream.OppositeId, client);
    }

    private void RemoveStream(BridgeClient client)
    {
        _byStream.Remove(client.Stream.Id);
        _byStream.Remove(client.Stream.OppositeId);
    }

    private void Forget(BridgeClient client, string reason)
    {
        if (_clientLog.TryTakeLine())
            LogForgotten(_logger, Name, client.Source.Address, reason);
        if (client.Opened)
            _ = client.Stream.End(); // nothing to do when it has ended with its association
        RemoveStream(client);
        _clients.Remove(client);
    }

    /// <summary>Counts the datagrams that the kernel dropped because the socket's buffer was full.</summary>
    private void CountOverflows(TimeSpan now)
    {
        uint overflows = _socket.DroppedDatagrams;
        if (overflows != _overflows)
            _drops.Add(DropReason.BridgeBufferFull, null, now, unchecked(overflows - _overflows));
        _overflows = overflows;
    }

    /// <summary>
    /// A socket stays with the index of an interface; one that was made anew has another. Until that one has the
    /// address, the next sweep tries again.
    /// </summary>
    private void FollowInterface()
    {
        if (_settings.Listen.Address.Interface is null)
            return;
        try
        {
            IPEndPoint listen = _settings.Listen.Resolve();
            if (listen.Address.ScopeId == _socket.LocalEndPoint.Address.ScopeId)
                return;
            UdpSocket socket = UdpSocket.Bind(listen);
            _receiver.Remove(_socket);
            _socket.Dispose();
            _socket = socket;
            _overflows = 0;
            _receiver.Add(socket);
            _places.Add(_settings.Listen);
            _isMissing = false;
            LogListening(_logger, Name, _settings.Listen, _settings.Node, _settings.Service);
        }
        catch (SocketException exception)
        {
            if (!_isMissing)
                LogMissing(_logger, Name, _settings.Listen, exception.Message);
            _isMissing = true;
        }
    }

    private void Sweep()
    {
        TimeSpan now = _loop!.Now;
        TimeSpan limit = now - TimeSpan.FromSeconds(_settings.IdleSeconds);
        while (_clients.Oldest is { } client && client.LastUsed < limit)
            Forget(client, "it was silent for too long");
        CountOverflows(now);
        FollowInterface();
        _drops.Flush(now);
        _clientLog.Sweep();
        _sweep!.SetAfter(s_sweep);
    }

    [LoggerMessage(
        EventId = 8000,
        Level = LogLevel.Information,
        Message = "{Actor}: receives UDP datagrams at {Listen} for node {Node}, service {Service}"
    )]
    private static partial void LogListening(
        ILogger logger,
        string actor,
        ZonedEndPoint listen,
        uint node,
        ushort service
    );

    [LoggerMessage(
        EventId = 8004,
        Level = LogLevel.Warning,
        Message = "{Actor}: cannot receive at {Listen} at present: {Reason}; it is tried again every second"
    )]
    private static partial void LogMissing(ILogger logger, string actor, ZonedEndPoint listen, string reason);

    [LoggerMessage(EventId = 8001, Level = LogLevel.Debug, Message = "{Actor}: client {Address} has stream {Stream}")]
    private static partial void LogClient(ILogger logger, string actor, UdpAddress address, ulong stream);

    [LoggerMessage(
        EventId = 8003,
        Level = LogLevel.Debug,
        Message = "{Actor}: client {Address} is forgotten: {Reason}"
    )]
    private static partial void LogForgotten(ILogger logger, string actor, UdpAddress address, string reason);

    [LoggerMessage(
        EventId = 8002,
        Level = LogLevel.Information,
        Message = "{Actor}: stopped; {Forwarded} datagrams sent to the node, {Answered} answers given, "
            + "{Dropped} dropped"
    )]
    private static partial void LogStopped(ILogger logger, string actor, long forwarded, long answered, long dropped);
}
