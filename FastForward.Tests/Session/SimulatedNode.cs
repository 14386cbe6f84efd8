using System.Buffers.Binary;
using FastForward.Tests.Simulation;
using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>A simulated process: does what ForwardNode does around the session, in virtual time.</summary>
internal sealed class SimulatedNode : IAdmission, IPeerDriverFactory, ITrafficNode
{
    // A time-out that is still due after it was processed, so many times in a row, would keep a core busy.
    private const int MostHot = 100;

    // A path that always has something to write would fill the memory within one event.
    private const int MostFramesAtOnce = 20_000;

    private readonly SimulatedNetwork _network;
    private readonly Dictionary<uint, SimulatedLink> _byIndex = [];
    private readonly HashSet<(uint Node, SimulatedRoute Route)> _connecting = [];
    private readonly HashSet<uint> _withoutRoute = [];
    private readonly ChoiceStream _choices;
    private byte _nonces;
    private bool _pumpQueued;
    private long _timerAt = long.MaxValue;
    private int _hot;

    public SimulatedNode(
        SimulatedNetwork network,
        uint address,
        int process,
        SessionOptions options,
        IEnumerable<uint> routes
    )
    {
        _network = network;
        Address = address;
        Options = options;
        _choices = network.Choices($"node {options.Node} process {process}");
        Journal = new MemoryJournal(process, options.Node);
        Recorder = new EventRecorder { Journal = Journal };
        Keys = network.Keys ?? NoKeys.Instance;
        Peers = new Peers(
            Options,
            Recorder,
            Statistics,
            this,
            Memory,
            new SessionRandom(
                limit => _choices.Below(limit),
                () => ((ulong)_choices.NextInt64() << 8) + ++_nonces // another one each time, whatever is drawn
            ),
            Keys,
            this
        );
        foreach (uint node in routes)
            AddRoute(node);
    }

    public uint Id => Options.Node;

    /// <summary>The source address of its datagrams, at which it also accepts connections.</summary>
    public uint Address { get; }

    /// <summary>How its clock goes.</summary>
    public SimulatedClock Clock { get; init; }

    /// <summary>The time by its clock.</summary>
    public long Now => Clock.Read(_network.Now);

    public MessageMemory Memory { get; } = new();

    public long FramesSent { get; private set; }

    /// <summary>The number of wake-ups.</summary>
    public long Wakeups { get; private set; }

    /// <summary>Until when the process is paused; incoming frames are queued.</summary>
    public long PausedUntil { get; private set; }

    public bool IsDead { get; set; }

    public SessionOptions Options { get; }

    public NodeStatistics Statistics { get; } = new();

    public EventRecorder Recorder { get; }

    /// <summary>What it sent by <see cref="SendNumbered"/>, and everything that it received.</summary>
    public Journal Journal { get; }

    public Peers Peers { get; }

    /// <summary>Its keys, as they are now.</summary>
    public IKeySource Keys { get; }

    /// <summary>The answers to messages that were not accepted.</summary>
    public HashSet<SendStatus> Refusals { get; } = [];

    /// <summary>The streams that it has ended, each with its association.</summary>
    public List<(uint To, ulong Stream, MessageClass Class, Association Association)> Ended { get; } = [];

    public List<SimulatedLink> Links { get; } = [];

    /// <summary>Its rules about places; all are admitted by default.</summary>
    public Func<LinkSource, Admission> Admits { get; set; } = static _ => Admission.Granted;

    /// <summary>The ways that it opens to a peer, the best first.</summary>
    public Dictionary<uint, SimulatedRoute[]> Opens { get; } = [];

    public SendResult Send(
        uint to,
        ulong stream,
        MessageClass messageClass,
        ReadOnlySpan<byte> payload,
        bool end = false
    )
    {
        if (_withoutRoute.Contains(to))
            return new SendResult(SendStatus.UnknownNode, 0);
        SendResult result = Peers.GetOrAdd(to).Send(Now, stream, messageClass, payload, end);
        if (result.IsAccepted)
            _network.Model?.OnAccepted(this, to, stream, result.Sequence, end);
        _network.Log?.Invoke($"{_network.Now} node {Id} sends {stream}{(end ? " END" : "")} to {to}: {result}");
        if (!result.IsAccepted)
            Refusals.Add(result.Status);
        else if (end)
            Ended.Add((to, stream, messageClass, Peers.GetOrAdd(to).Association));
        QueuePump();
        return result;
    }

    /// <summary>Sends a message that contains its number, and records it.</summary>
    public SendResult SendNumbered(uint to, ulong stream, MessageClass messageClass, int size, bool end = false) =>
        Journal.Send(to, stream, messageClass, size, payload => Send(to, stream, messageClass, payload, end));

    public SendStatus ResetStream(uint to, ulong stream, uint code)
    {
        SendStatus status = Peers.GetOrAdd(to).ResetStream(Now, stream, code);
        if (status == SendStatus.Accepted)
            Ended.Add((to, stream, MessageClass.Reliable, Peers.GetOrAdd(to).Association));
        QueuePump();
        return status;
    }

    public Peer Peer(uint node) => Peers.GetOrAdd(node);

    /// <summary>Clears what the tests remember of it.</summary>
    public void Forget()
    {
        Ended.Clear();
        Recorder.Clear();
        ((MemoryJournal)Journal).Clear();
    }

    /// <summary>Releases the oldest held credit.</summary>
    public void ReleaseOldest()
    {
        MessageCredit credit = Recorder.Held!.Dequeue();
        Peer(credit.Node).ReleaseCredit(Now, credit, credit.Bytes);
        QueuePump();
    }

    /// <summary>Starts keeping a path of a kind open to a peer.</summary>
    public void Open(uint node, TransportKind kind) => Open(node, new SimulatedRoute(kind));

    /// <summary>Starts keeping paths open to a peer.</summary>
    public void Open(uint node, params SimulatedRoute[] routes)
    {
        Prefer(node, routes);
        Evaluate(node);
    }

    /// <summary>
    /// As <see cref="Open(uint, SimulatedRoute[])"/>, but it opens no path before it is asked for the next time.
    /// </summary>
    public void Prefer(uint node, params SimulatedRoute[] routes)
    {
        Opens[node] = routes;
        Peers.GetOrAdd(node).OnRoutesChanged(Now);
    }

    /// <summary>Pauses the process for a while, as with SIGSTOP; it detects the stall afterwards.</summary>
    public void Pause(long duration)
    {
        PausedUntil = _network.Now + duration;
        _network.At(
            PausedUntil,
            () =>
            {
                foreach (Peer peer in Peers.All)
                    peer.OnStall(_network.Now, duration);
                QueuePump();
            }
        );
    }

    public void Block(SimulatedLink link, long duration)
    {
        link.RefusesUntil = _network.Now + duration;
        _network.At(
            link.RefusesUntil,
            () =>
            {
                if (link.Path is { } path)
                    path.IsBlocked = false;
                QueuePump();
            }
        );
    }

    /// <summary>Removes the route to a peer.</summary>
    public void RemoveRoute(uint node)
    {
        Opens.Remove(node);
        _withoutRoute.Add(node); // also for callbacks of the next call
        Peer(node).Close(Now, CloseReason.RouteChanged, "the route was removed", UndeliveredReason.PeerLost);
        foreach (SessionPath path in Peer(node).Paths.ToArray())
            Flush(path);
        Peers.Remove(node);
    }

    public void AddRoute(uint node)
    {
        _withoutRoute.Remove(node);
        Peers.GetOrAdd(node);
    }

    public void Receive(SimulatedLink link, byte[] frame)
    {
        if (IsDead)
            return;
        if (IsPaused)
        {
            _network.At(PausedUntil, () => Receive(link, frame));
            return;
        }

        if (link.Path is { } path)
            Read(link, path, frame);
        else if (Handshake.TryReadInit(frame, out Handshake init))
            Introduce(link, init, frame);
        QueuePump();
    }

    public void ReceiveDatagram(uint source, byte[] frame)
    {
        if (IsDead || frame.Length < WireFormat.CommonHeader)
            return;
        if (IsPaused)
        {
            _network.At(PausedUntil, () => ReceiveDatagram(source, frame));
            return;
        }

        uint index = BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(4));
        if (_byIndex.TryGetValue(index, out SimulatedLink? link) && !link.IsClosed)
        {
            if (link.Path is { } path && link.RemoteNode == source)
                Read(link, path, frame);
            else if (link.Path is { } moved)
                Move(link, moved, source, frame);
        }
        else if (Handshake.TryReadInit(frame, out Handshake init))
            IntroduceStranger(source, init, frame);
        QueuePump();
    }

    public void OnLinkClosed(SimulatedLink link)
    {
        _byIndex.Remove(link.Index);
        link.Path?.Finish(Now, "link closed");
        QueuePump();
    }

    public void OnPathFinished(SessionPath path)
    {
        if (path.Link is SimulatedLink { IsClosed: false } link)
            _network.At(_network.Now, () => _network.Cut(link));
        uint node = path.Peer.Node;
        _network.At(_network.Now + 50_000, () => Evaluate(node));
    }

    public void QueuePump()
    {
        if (_pumpQueued || IsDead)
            return;
        _pumpQueued = true;
        _network.At(_network.Now, Pump);
    }

    IPeerDriver IPeerDriverFactory.Create(Peer peer) => new Driver(this);

    Admission IAdmission.Evaluate(uint node, uint keyId, TransportKind kind, bool hostLocal, in LinkSource source) =>
        keyId != 0 ? Admission.Granted : Admits(source);

    bool IAdmission.IsLikely(uint node, TransportKind kind, bool hostLocal, in LinkSource source) =>
        Admits(source).IsGranted;

    string? IAdmission.Explain(uint node, RejectReason reason, TransportKind kind, in LinkSource source) =>
        $"{reason} at {source}";

    public bool IsPaused => _network.Now < PausedUntil;

    private void Move(SimulatedLink link, SessionPath path, uint source, byte[] frame)
    {
        LinkSource place = SimulatedLink.PlaceOf(source);
        byte[] challenge = new byte[SessionPath.LongestMoveChallenge];
        switch (Peers.EvaluateMove(Now, path, hostLocal: true, place, frame, challenge, out int length))
        {
            case MoveDecision.Challenge:
                Answer(source, challenge[..length]);
                break;
            case MoveDecision.Follow:
                link.RemoteNode = source;
                path.Follow(Now, place, frame);
                break;
        }
    }

    private void Read(SimulatedLink link, SessionPath path, byte[] frame)
    {
        _network.Model?.OnReading(link, path, frame);
        path.ReadFrame(Now, frame);
        _network.Model?.OnRead(path);
    }

    private void Pump()
    {
        _pumpQueued = false;
        if (IsDead || IsPaused)
            return;
        Wakeups++;
        long now = Now;
        long next = long.MaxValue;
        long frames = FramesSent;
        foreach (Peer peer in Peers.All.ToArray())
        {
            if (now >= peer.NextTimeout)
                peer.OnTimeout(now);
            for (int i = peer.Paths.Count - 1; i >= 0; i--)
            {
                if (i < peer.Paths.Count)
                    Flush(peer.Paths[i]);
            }

            Evaluate(peer.Node);
            next = Math.Min(next, peer.NextTimeout);
        }

        _hot = next <= now && frames == FramesSent ? _hot + 1 : 0;
        if (_hot > MostHot)
            throw new SimulationException($"a time-out of node {Id} stays due at {now}");
        if (next != long.MaxValue)
            WakeAt(Math.Max(Clock.When(next), _network.Now + 1));
    }

    private void WakeAt(long time)
    {
        if (_timerAt == time)
            return;
        _timerAt = time;
        _network.At(
            time,
            () =>
            {
                if (_timerAt != time)
                    return;
                _timerAt = long.MaxValue;
                QueuePump();
            }
        );
    }

    private void Flush(SessionPath path)
    {
        SimulatedLink link = (SimulatedLink)path.Link;
        int written = 0;
        Span<byte> buffer = stackalloc byte[link.Traits.MaxFrameSize];
        while (!link.IsClosed && path.HasOutput(Now))
        {
            path.IsBlocked = _network.Now < link.RefusesUntil;
            if (path.IsBlocked)
            {
                if (path.Phase == PathPhase.Closing)
                    path.EndOutput(Now);
                return;
            }

            int length = path.WriteFrame(Now, buffer, out _);
            if (length == 0)
                return;
            FramesSent++;
            if (++written > MostFramesAtOnce)
                throw new SimulationException($"a path of node {Id} writes without an end at {Now}");
            byte[] frame = buffer[..length].ToArray();
            _network.Model?.OnWritten(link, path, frame);
            _network.Transmit(link, frame);
        }
    }

    private void Evaluate(uint node)
    {
        if (IsDead || !Opens.TryGetValue(node, out SimulatedRoute[]? routes))
            return;
        foreach (SimulatedRoute route in routes)
            Evaluate(node, route);
    }

    private void Evaluate(uint node, SimulatedRoute route)
    {
        if (HasPath(Peers.GetOrAdd(node), route) || !_connecting.Add((node, route)))
            return;
        if (route.Kind == TransportKind.Ip)
        {
            _connecting.Remove((node, route));
            Begin(node, route, AddDatagramLink(SimulatedRoute.AddressOf(node, route.Network)));
            return;
        }

        _network.Connect(
            this,
            node,
            link =>
            {
                if (link is not null)
                    Begin(node, route, link);
                _network.At(
                    _network.Now + 50_000,
                    () =>
                    {
                        _connecting.Remove((node, route));
                        Evaluate(node);
                    }
                );
            }
        );
    }

    // Tests of single paths have no links.
    private static SimulatedRoute RouteOf(SessionPath path) =>
        (path.Link as SimulatedLink)?.Route ?? new SimulatedRoute(path.Kind);

    private static bool HasPath(Peer peer, SimulatedRoute route)
    {
        foreach (SessionPath path in peer.Paths)
        {
            if (path.Rank == PathRank.Former || RouteOf(path) != route)
                continue;
            if (path.IsSound || (path.IsInitiator && path.State is PathState.Opening or PathState.Validating))
                return true;
        }

        return false;
    }

    private void Begin(uint node, SimulatedRoute route, SimulatedLink link)
    {
        Peer peer = Peers.GetOrAdd(node);
        SessionPath path = SessionPath.Initiate(
            peer,
            link.Kind,
            link.Traits,
            link.Source,
            link.Index,
            link,
            Now,
            _network.Keys is null ? 0 : SimulatedKeys.Id
        );
        path.Origin = route;
        Bind(link, path);
        peer.Add(path);
        QueuePump();
    }

    private void Introduce(SimulatedLink link, in Handshake init, ReadOnlySpan<byte> frame)
    {
        byte[] answer = new byte[Peers.LongestAnswer];
        InitArrival arrival = new(link.Kind, IsHostLocal: true, link.Source);
        switch (Peers.Evaluate(Now, init, frame, arrival, answer, out int length, out KeyExchange? exchange))
        {
            case InitDecision.Accept:
                Bind(link, Peers.Answer(Now, init, link.Kind, link.Traits, link.Source, link.Index, link, exchange));
                break;
            case InitDecision.Cookie:
                _network.Transmit(link, answer[..length]);
                break;
            case InitDecision.Reject:
                _network.Transmit(link, answer[..length]);
                _network.Cut(link);
                break;
            case InitDecision.Drop:
                _network.Cut(link);
                break;
        }
    }

    private void IntroduceStranger(uint source, in Handshake init, ReadOnlySpan<byte> frame)
    {
        LinkSource place = SimulatedLink.PlaceOf(source);
        byte[] answer = new byte[Peers.LongestAnswer];
        InitArrival arrival = new(TransportKind.Ip, IsHostLocal: true, place);
        switch (Peers.Evaluate(Now, init, frame, arrival, answer, out int length, out KeyExchange? exchange))
        {
            case InitDecision.Accept:
                SimulatedLink link = AddDatagramLink(source);
                Bind(link, Peers.Answer(Now, init, link.Kind, link.Traits, link.Source, link.Index, link, exchange));
                break;
            case InitDecision.Reject or InitDecision.Cookie:
                Answer(source, answer[..length]);
                break;
        }
    }

    // A datagram without a link.
    private void Answer(uint address, byte[] frame)
    {
        SimulatedLink way = new(this, TransportKind.Ip, _network.Datagrams, index: 0) { RemoteNode = address };
        _network.Transmit(way, frame);
    }

    private SimulatedLink AddDatagramLink(uint remote)
    {
        SimulatedLink link = new(this, TransportKind.Ip, _network.Datagrams, _network.NewIndex())
        {
            RemoteNode = remote,
        };
        Links.Add(link);
        _byIndex.Add(link.Index, link);
        return link;
    }

    private static void Bind(SimulatedLink link, SessionPath path) => link.Path = path;

    private sealed class Driver(SimulatedNode node) : IPeerDriver
    {
        public void OnPending() => node.QueuePump();

        public void OnPathFinished(SessionPath path) => node.OnPathFinished(path);

        public PathWay WayOf(SessionPath path) => (path.Link as SimulatedLink)?.Way ?? new PathWay(path.Kind);

        public int RankOf(SessionPath path) =>
            node.Opens.TryGetValue(path.Peer.Node, out SimulatedRoute[]? routes)
            && Array.IndexOf(routes, RouteOf(path)) is >= 0 and int place
                ? place
            : path.Origin is null ? PathRank.Unrouted
            : PathRank.Former;

        public void OnChanged(in PeerEvent change) { }
    }
}
