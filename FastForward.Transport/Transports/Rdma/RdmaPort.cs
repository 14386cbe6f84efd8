using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Connections;
using FastForward.Transport.Transports.Links;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// The links of the transport, its listeners and devices. Each poll asks the completion queues, which costs no system
/// call; every 16th one, and the first after a sleep, also asks the descriptors: the events of connections, the
/// notifications of the queues, and the asynchronous events of the devices.
/// </summary>
internal sealed unsafe partial class RdmaPort : TransportPort
{
    private const int SweepInterval = 16;
    private const long LastSendsMicros = 50_000;

    private readonly RdmaTransportOptions _options;
    private readonly RdmaSizes _sizes;
    private readonly ConnectionStatistics _statistics;
    private readonly ILogger _logger;
    private readonly RdmaSlab _slab;
    private readonly RdmaEventChannel _channel;
    private readonly Epoll _epoll;
    private readonly List<RdmaDevice> _devices = [];
    private readonly List<RdmaId> _listeners = [];
    private readonly Dictionary<uint, RdmaChannel> _channels = [];
    private readonly ConnectionOpenings _openings;
    private readonly RdmaDepartures _departures;
    private readonly LoopTimer _departure;
    private readonly List<RdmaLink> _links = [];
    private readonly List<RdmaLink> _staged = [];
    private readonly List<RdmaLink> _handled = []; // links with completions in this poll
    private readonly List<RdmaLink> _ending = [];
    private uint _lastKey;
    private uint _polls;
    private bool _sweep = true;
    private bool _more;

    /// <param name="transport">The transport that owns the port.</param>
    /// <param name="loop">The loop that polls it.</param>
    /// <param name="sink">Where events go.</param>
    /// <param name="options">Settings.</param>
    /// <param name="statistics">What is counted.</param>
    /// <param name="logger">Receives refusals and failures of devices.</param>
    /// <exception cref="IOException">A device or a limit of the system does not allow it.</exception>
    public RdmaPort(
        IForwardTransport transport,
        ForwardLoop loop,
        ILinkSink sink,
        RdmaTransportOptions options,
        ConnectionStatistics statistics,
        ILogger logger
    )
        : base(transport, loop, sink)
    {
        _options = options;
        _sizes = options.Sizes;
        _statistics = statistics;
        _logger = logger;
        Traits = new LinkTraits
        {
            Reliable = true,
            Ordered = true,
            ConnectionOriented = true,
            DetectsPeerDeath = true,
            HostLocal = false,
            MaxFrameSize = options.MaxFrameSize,
        };
        OwnOpening = new RdmaOpening(
            new OpeningPacket(OpeningPacket.CurrentVersion, OpeningStatus.Welcome, 0, (uint)options.MaxFrameSize, 0),
            (ushort)options.Credits
        );
        _openings = new ConnectionOpenings(loop);
        _departures = new RdmaDepartures(loop, Destroyed);
        _departure = loop.CreateTimer(() => _departures.Continue(loop.NowMicros));
        _epoll = new Epoll(16);
        _slab = new RdmaSlab(_sizes.Link, options.MaxLinks);
        _channel = new RdmaEventChannel();
        try
        {
            if (_channel.IsInvalid)
                throw new IOException($"no channel for events: {LibC.Describe(LibC.LastError)}");
            LibC.Control(_channel.Descriptor, LibC.F_SETFL, LibC.O_NONBLOCK);
            _epoll.Add(_channel.Descriptor, LibC.EPOLLIN, EventToken);
            AddDevices();
            Listen();
            Devices = DescribeDevices();
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>The traits of a link before the opening exchange.</summary>
    public LinkTraits Traits { get; }

    public RdmaOpening OwnOpening { get; }

    public IReadOnlyList<EndPoint> LocalEndPoints { get; private set; } = [];

    /// <summary>The devices, for a log.</summary>
    public string Devices { get; } = "";

    public int OpenMilliseconds => (int)_options.OpenTimeout.TotalMilliseconds;

    public override int Descriptor => _epoll.Number;

    protected override bool HasHiddenWork => _more || _ending.Count > 0;

    public RdmaLink Connect(RdmaEndPoint remote)
    {
        VerifyRunning();
        RdmaChannel? channel = TryCreateChannel(out LinkClosure closure);
        RdmaLink link = NewLink(channel, remote, source: null);
        Span<byte> address = stackalloc byte[RdmaAddress.Length];
        if (channel is null)
            link.CloseWith(closure);
        else if (RdmaAddress.Write(remote, RdmaMachine.This.ReadPorts, address) is { } problem)
            link.CloseWith(new LinkClosure(LinkCloseReason.Failed, 0, problem));
        else
            link.Begin(address);
        _openings.Schedule();
        return link;
    }

    // With the types of their GIDs, such as "RoCE v2".
    private string DescribeDevices()
    {
        IReadOnlyList<RdmaDevicePort> ports = RdmaMachine.This.ReadPorts();
        return string.Join(", ", _devices.Select(Describe));

        string Describe(RdmaDevice device)
        {
            IEnumerable<string> types = ports
                .Where(port => port.Device == device.Name)
                .SelectMany(static port => port.Gids)
                .Select(static gid => gid.Type)
                .Distinct();
            return $"{device.Name}: {string.Join(" and ", types)}";
        }
    }

    public override bool Arm()
    {
        bool pending = base.Arm();
        for (int i = 0; i < _devices.Count; i++)
            pending |= _devices[i].Arm();
        return pending;
    }

    public override void Disarm() => _sweep = true;

    public void Flush()
    {
        for (int i = 0; i < _staged.Count; i++)
            _staged[i].Flush();
        _staged.Clear();
    }

    public void Staged(RdmaLink link) => _staged.Add(link);

    /// <summary>A link has passed its opening exchange.</summary>
    public void Opened(RdmaLink link)
    {
        _openings.Remove(link);
        _statistics.Opened();
        link.DeliverOpened(Sink);
    }

    /// <summary>The peer has closed: the link ends when all that it had sent has been delivered.</summary>
    public void Ending(RdmaLink link) => _ending.Add(link);

    /// <summary>A link's end has been decided.</summary>
    public void Ended(RdmaLink link, RdmaChannel? channel, LinkClosure closure, bool opened, bool lingers)
    {
        _statistics.Ended(closure.Reason, opened);
        if (link.IsInbound && (!opened || closure.Reason == LinkCloseReason.ProtocolViolation))
            Report(link.Source, closure);
        _openings.Remove(link);
        _links.Remove(link);
        _ending.Remove(link);
        if (channel is null)
            return;
        _departures.Add(channel, lingers);
        ScheduleDeparture();
    }

    public void CountReceived(int bytes) => _statistics.Received(bytes);

    public void CountSent(int bytes) => _statistics.Sent(1, bytes);

    public void CountBackPressure() => _statistics.Refused();

    protected override int Work(int budget)
    {
        int work = Events.Dispatch(Sink, budget);
        _more = true; // completions may be left if the sink throws
        if (_sweep || ++_polls % SweepInterval == 0)
            work += Sweep();
        bool isEmpty = true;
        try
        {
            for (int i = 0; i < _devices.Count; i++)
                isEmpty &= HandleCompletions(_devices[i], budget, ref work);
        }
        finally
        {
            Replenish();
        }

        if (isEmpty)
            EndLinks();
        if (_departures.Any)
        {
            _departures.Continue(Loop.NowMicros);
            ScheduleDeparture();
        }

        _more = !isEmpty;
        return work;
    }

    protected override void Stop()
    {
        StopListening();
        for (int i = _links.Count - 1; i >= 0; i--)
            _links[i].CloseWith(new LinkClosure(LinkCloseReason.TransportStopped));
    }

    protected override void Release()
    {
        // What was sent last, such as the end of a session, leaves within microseconds where the peer is alive.
        long until = Loop.ReadMicros() + LastSendsMicros;
        while (_departures.AnySending() && Loop.ReadMicros() < until)
        {
            int ignored = 0;
            for (int i = 0; i < _devices.Count; i++)
                HandleCompletions(_devices[i], int.MaxValue, ref ignored);
        }

        _departures.DestroyAll();
        StopListening();
        foreach (RdmaDevice device in _devices)
            device.Dispose();
        _devices.Clear();
        _channel.Dispose();
        _epoll.Dispose();
        _slab.Dispose();
    }

    private bool HandleCompletions(RdmaDevice device, int budget, ref int work)
    {
        while (work < budget)
        {
            if (!device.TryTake(budget - work, out IbVerbs.WorkCompletion completion))
                return true;
            work++;
            if (_channels.TryGetValue(RdmaWorkId.KeyOf(completion.Id), out RdmaChannel? channel))
                Handle(channel, completion);
        }

        return false;
    }

    private void Handle(RdmaChannel channel, in IbVerbs.WorkCompletion completion)
    {
        bool isSend = (completion.Id & RdmaWorkId.Send) != 0;
        ushort number = (ushort)completion.Id;
        if (isSend)
            channel.SendCompleted(number);
        else if (!channel.ReceiveCompleted(number))
            return;
        if (channel.Link is not { } link)
            return; // it has ended
        if (completion.Status == IbVerbs.IBV_WC_SUCCESS)
        {
            if (!link.IsHandled)
            {
                link.IsHandled = true;
                _handled.Add(link);
            }

            if (!isSend)
                link.Receive(Sink, number, completion.Length);
        }
        else if (completion.Status == IbVerbs.IBV_WC_WR_FLUSH_ERR)
        {
            // The reason came before, or follows as an event; a link that gets neither ends here.
            if (!_ending.Contains(link))
                Ending(link);
        }
        else
        {
            link.CloseWith(isSend ? RdmaClosures.OfSend(completion.Status) : RdmaClosures.OfReceive(completion.Status));
        }
    }

    private void Replenish()
    {
        for (int i = 0; i < _handled.Count; i++)
        {
            _handled[i].IsHandled = false;
            _handled[i].Replenish();
        }

        _handled.Clear();
    }

    private void EndLinks()
    {
        for (int i = _ending.Count - 1; i >= 0; i--)
            _ending[i].End(); // removes it
    }

    private RdmaLink NewLink(RdmaChannel? channel, EndPoint remote, IPAddress? source)
    {
        long deadline = Loop.ReadMicros() + (long)_options.OpenTimeout.TotalMicroseconds;
        RdmaLink link = new(this, channel, remote, source, deadline);
        _links.Add(link);
        _openings.Add(link);
        return link;
    }

    private RdmaChannel? TryCreateChannel(out LinkClosure closure)
    {
        closure = default;
        byte* memory = _slab.Take();
        if (memory == null)
        {
            closure = new LinkClosure(
                LinkCloseReason.Failed,
                Errno.ENOBUFS,
                $"the limit of {_options.MaxLinks} RDMA links is reached"
            );
            return null;
        }

        RdmaId? id = RdmaId.Create(_channel, ++_lastKey, out int error);
        if (id is not null)
            return Add(new RdmaChannel(id, _lastKey, _slab, memory, _sizes));
        _slab.Return(memory);
        closure = new LinkClosure(LinkCloseReason.Failed, error, $"no connection id: {LibC.Describe(error)}");
        return null;
    }

    private RdmaChannel Add(RdmaChannel channel)
    {
        _channels.Add(channel.Key, channel);
        return channel;
    }

    private void Destroyed(RdmaChannel channel)
    {
        _channels.Remove(channel.Key);
        if (channel.Device is { } device)
            device.Links--;
    }

    private void ScheduleDeparture()
    {
        if (_departures.Due != long.MaxValue && (!_departure.IsSet || _departures.Due < _departure.Due))
            _departure.SetAt(_departures.Due);
    }
}
