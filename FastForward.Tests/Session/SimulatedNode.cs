using System.Buffers.Binary;
using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>A simulated process: does what ForwardNode does around the session, in virtual time.</summary>
internal sealed class SimulatedNode : IAdmission, IPeerDriverFactory, ITrafficNode
{
    private readonly SimulatedNetwork _network;
    private readonly Dictionary<uint, SimulatedLink> _byIndex = [];
    private readonly HashSet<uint> _connecting = [];
    private readonly byte[] _buffer = new byte[65_536];
    private bool _pumpQueued;

    public SimulatedNode(SimulatedNetwork network, uint address, SessionOptions options, IEnumerable<uint> routes)
    {
        _network = network;
        Address = address;
        Options = options;
        Journal = new MemoryJournal(network.NewProcess(), options.Node);
        Recorder = new EventRecorder { Journal = Journal };
        Peers = new Peers(
            Options,
            Recorder,
            Statistics,
            this,
            new MessageMemory(),
            new SessionRandom(
                limit => limit <= 0 ? 0 : network.Random.NextInt64(limit),
                () => (ulong)network.Random.NextInt64()
            ),
            this
        );
        foreach (uint node in routes)
            AddRoute(node);
    }

    public uint Id => Options.Node;

    /// <summary>The source address of its datagrams, at which it also accepts connections.</summary>
    public uint Address { get; }

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

    public List<SimulatedLink> Links { get; } = [];

    /// <summary>The medium of links that it opens to a peer; null to open none.</summary>
    public Dictionary<uint, TransportKind> Opens { get; } = [];

    public SendResult Send(
        uint to,
        ulong stream,
        MessageClass messageClass,
        ReadOnlySpan<byte> payload,
        bool end = false
    )
    {
        SendResult result = Peers.GetOrAdd(to).Send(_network.Now, stream, messageClass, payload, end);
        QueuePump();
        return result;
    }

    /// <summary>Sends a message that contains its number, and records it.</summary>
    public SendResult SendNumbered(uint to, ulong stream, MessageClass messageClass, int size, bool end = false) =>
        Journal.Send(to, stream, messageClass, size, payload => Send(to, stream, messageClass, payload, end));

    public SendStatus ResetStream(uint to, ulong stream, uint code)
    {
        SendStatus status = Peers.GetOrAdd(to).ResetStream(_network.Now, stream, code);
        QueuePump();
        return status;
    }

    public Peer Peer(uint node) => Peers.GetOrAdd(node);

    /// <summary>Releases the oldest held credit.</summary>
    public void ReleaseOldest()
    {
        MessageCredit credit = Recorder.Held!.Dequeue();
        Peer(credit.Node).ReleaseCredit(_network.Now, credit, credit.Bytes);
        QueuePump();
    }

    /// <summary>Starts keeping a path of a kind open to a peer.</summary>
    public void Open(uint node, TransportKind kind)
    {
        Opens[node] = kind;
        Peers.GetOrAdd(node).Prefer(_network.Now, kind);
        Evaluate(node);
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
        Peer(node).Close(_network.Now, CloseReason.RouteChanged, "the route was removed", UndeliveredReason.PeerLost);
        foreach (SessionPath path in Peer(node).Paths.ToArray())
            Flush(path);
        Peers.Remove(node);
    }

    public void AddRoute(uint node) => Peers.GetOrAdd(node);

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
            path.ReadFrame(_network.Now, frame);
        else if (Handshake.TryRead(frame, out Handshake init) && init.Type == FrameType.Init)
            Introduce(link, init);
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
        if (_byIndex.TryGetValue(index, out SimulatedLink? link) && link.RemoteNode == source && !link.IsClosed)
            link.Path?.ReadFrame(_network.Now, frame);
        else if (Handshake.TryRead(frame, out Handshake init) && init.Type == FrameType.Init)
            IntroduceStranger(source, init);
        QueuePump();
    }

    public void OnLinkClosed(SimulatedLink link)
    {
        _byIndex.Remove(link.Index);
        link.Path?.Finish(_network.Now, "link closed");
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
        Admission.Granted;

    private bool IsPaused => _network.Now < PausedUntil;

    private void Pump()
    {
        _pumpQueued = false;
        if (IsDead || IsPaused)
            return;
        Wakeups++;
        long next = long.MaxValue;
        foreach (Peer peer in Peers.All.ToArray())
        {
            if (_network.Now >= peer.NextTimeout)
                peer.OnTimeout(_network.Now);
            foreach (SessionPath path in peer.Paths.ToArray())
                Flush(path);
            Evaluate(peer.Node);
            next = Math.Min(next, peer.NextTimeout);
        }

        if (next != long.MaxValue)
            _network.At(Math.Max(next, _network.Now + 1), QueuePump);
    }

    private void Flush(SessionPath path)
    {
        SimulatedLink link = (SimulatedLink)path.Link;
        while (!link.IsClosed && path.HasOutput(_network.Now))
        {
            path.IsBlocked = _network.Now < link.RefusesUntil;
            if (path.IsBlocked)
            {
                if (path.Phase == PathPhase.Closing)
                    path.EndOutput(_network.Now);
                return;
            }

            int length = path.WriteFrame(_network.Now, _buffer.AsSpan(0, link.Traits.MaxFrameSize), out _);
            if (length == 0)
                return;
            _network.Transmit(link, _buffer.AsSpan(0, length).ToArray());
        }
    }

    private void Evaluate(uint node)
    {
        if (
            IsDead
            || !Opens.TryGetValue(node, out TransportKind kind)
            || Peers.GetOrAdd(node).HasPath(kind)
            || !_connecting.Add(node)
        )
            return;
        if (kind == TransportKind.Ip)
        {
            _connecting.Remove(node);
            Begin(node, AddDatagramLink(node));
            return;
        }

        _network.Connect(
            this,
            node,
            link =>
            {
                if (link is not null)
                    Begin(node, link);
                _network.At(
                    _network.Now + 50_000,
                    () =>
                    {
                        _connecting.Remove(node);
                        Evaluate(node);
                    }
                );
            }
        );
    }

    private void Begin(uint node, SimulatedLink link)
    {
        Peer peer = Peers.GetOrAdd(node);
        SessionPath path = SessionPath.Initiate(
            peer,
            link.Kind,
            link.Traits,
            link.Source,
            link.Index,
            link,
            _network.Now
        );
        Bind(link, path);
        peer.Add(path);
        QueuePump();
    }

    private void Introduce(SimulatedLink link, in Handshake init)
    {
        switch (Peers.Evaluate(_network.Now, init, link.Kind, hostLocal: true, link.Source, out _))
        {
            case InitDecision.Accept:
                Bind(link, Peers.Answer(_network.Now, init, link.Kind, link.Traits, link.Source, link.Index, link));
                break;
            case InitDecision.Reject or InitDecision.Drop:
                _network.Cut(link);
                break;
        }
    }

    private void IntroduceStranger(uint source, in Handshake init)
    {
        LinkSource place = SimulatedLink.PlaceOf(source);
        if (Peers.Evaluate(_network.Now, init, TransportKind.Ip, hostLocal: true, place, out _) != InitDecision.Accept)
            return;
        SimulatedLink link = AddDatagramLink(source);
        Bind(link, Peers.Answer(_network.Now, init, link.Kind, link.Traits, link.Source, link.Index, link));
    }

    private SimulatedLink AddDatagramLink(uint remote)
    {
        SimulatedLink link = new(this, TransportKind.Ip, SimulatedNetwork.DatagramTraits, _network.NewIndex())
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

        public void OnChanged(in PeerEvent change) { }
    }
}
