using FastForward.Tests.Session;
using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Simulation;

/// <summary>
/// Two or three nodes for a few seconds. First faults and traffic, then all media but one between each two nodes die
/// for good, and the one is healed (<see cref="HealedWorld"/>).
/// </summary>
internal sealed class TinyWorld
{
    private const long MostEvents = 300_000;
    private const long ClockWrap = (1L << 32) - 5_000_000;

    private readonly IChoices _choices;
    private readonly WireModel _model = new();
    private readonly SimulatedNetwork _network;
    private readonly Dictionary<SimulatedNode, TrafficSource> _traffic = [];
    private readonly List<SimulatedNode> _everyone = [];
    private readonly ChoiceStream _faults;
    private Mark _marks;
    private bool _isHealing;

    private TinyWorld(IChoices choices, Action<string>? log)
    {
        _choices = choices;
        Options = WorldOptions.Draw(new ChoiceStream(choices, "options"));
        _network = new SimulatedNetwork(choices)
        {
            MinDelay = Options.MinDelay,
            MaxDelay = Options.MaxDelay,
            Loss = Options.Loss,
            Duplication = Options.Duplication,
            Ghosts = Options.Ghosts,
            Damage = Options.Damage,
            Keys = Options.Damage > 0 ? SimulatedKeys.Instance : null,
            QueueFrames = Options.QueueFrames,
            BytesPerMilli = Options.BytesPerMilli,
            LongestDatagram = Options.LongestDatagram,
            Datagrams = SimulatedNetwork.DatagramTraits with { MaxFrameSize = Options.FrameSize },
            MostEvents = MostEvents,
            Model = _model,
            Log = log,
        };
        _faults = _network.Choices("faults");
    }

    public WorldOptions Options { get; }

    public SimulatedNetwork Network => _network;

    public static WorldResult Run(IChoices choices, Action<string>? log = null)
    {
        Fuel.Fill();
        TinyWorld world = new(choices, log);
        (WorldFailure failure, string text) = world.Run();
        WorldResult result = new(failure, text, world.Options, world._marks, world._model.Hash, world._network.Events);
        return result;
    }

    private (WorldFailure, string) Run()
    {
        try
        {
            Begin();
            if (_model.Violation is null)
            {
                _isHealing = true;
                HealedWorld healed = new(_network, Options, _network.Choices("heal"));
                (WorldFailure failure, string text) = healed.Run();
                _marks |= healed.Marks;
                if (failure != WorldFailure.None && _model.Violation is null)
                    return (failure, text);
            }

            CollectMarks();
            if (_model.Violation is { } violation)
                return (WorldFailure.Wire, violation);
            Ledger ledger = new(_everyone.Select(static node => node.Journal));
            return ledger.IsSound
                ? (WorldFailure.None, "")
                : (WorldFailure.Delivery, $"{ledger}: {string.Join("; ", ledger.Faults)}");
        }
        catch (SimulationException hot)
        {
            return (WorldFailure.Hot, hot.Message);
        }
        catch (Exception crash)
        {
            return (WorldFailure.Crash, crash.ToString());
        }
    }

    private void Begin()
    {
        for (uint id = 1; id <= Options.Nodes; id++)
            Start(id);
        for (uint id = 1; id <= Options.Nodes; id++)
        {
            uint from = id;
            ChoiceStream steps = _network.Choices($"traffic {id}");
            long time = 0;
            for (int i = 0; i < Options.Steps; i++)
            {
                time += steps.Below(Options.MaxGap);
                _network.At(time, () => Step(steps, from));
            }
        }

        long end = Options.Steps * Options.MaxGap;
        long fault = 0;
        for (int i = 0; i < Options.Faults; i++)
        {
            fault += _faults.Below(Options.MaxFaultGap);
            _network.At(fault, Fault);
            end = Math.Max(end, fault);
        }

        _network.Run(end);
    }

    private void Start(uint id)
    {
        uint[] others =
        [
            .. Enumerable.Range(1, Options.Nodes).Select(static node => (uint)node).Where(node => node != id),
        ];
        ChoiceStream draw = _network.Choices($"start {_everyone.Count}");
        SimulatedClock clock = new(
            Options.WrapsClocks ? ClockWrap + draw.Below(5_000_000) : 0,
            (int)(draw.Below((2 * Options.Drift) + 1) - Options.Drift)
        );
        SimulatedNode node = _network.StartAt(id, id, clock, Configure, others);
        if (Options.HoldsCredit)
        {
            node.Recorder.Held = new Queue<MessageCredit>();
            ReleaseLater(node, draw);
        }

        TrafficSource traffic = new(node, _network.Choices($"messages {_everyone.Count}"));
        if (Options.Replies)
        {
            ChoiceStream replies = _network.Choices($"replies {_everyone.Count}");
            node.Recorder.OnMessage = (from, _, _) =>
            {
                if (replies.Chance(0.2))
                    traffic.Step(from, Options.Shape);
            };
        }

        _everyone.Add(node);
        _traffic.Add(node, traffic);
        foreach (uint other in others)
        {
            if (id < other || draw.Chance(0.5))
                node.Open(other, Medium(draw));
        }
    }

    private SessionOptions Configure(SessionOptions options) =>
        options with
        {
            // One that takes fewer streams than another one opens evicts some.
            MaxStreams =
                options.Node == 1 ? Math.Min(Options.MaxStreams, Options.MaxStreamsOfFirst) : Options.MaxStreams,
            SendStoreBytes = Options.StoreBytes,
            ReceiveWindowBytes = Options.WindowBytes,
            ReplayWindow = Options.ReplayWindow,
            DeadAfter = Options.DeadAfter,
            ProbeInterval = Options.ProbeInterval,
            RealTimeBudget = Options.RealTimeBudget,
            InitRetryLimit = 1_000_000,
            HandshakeTimeout = 2_000_000,
            RekeyAfter = 2_000_000, // in worlds with keys
            RekeyFrames = 60,
        };

    private void ReleaseLater(SimulatedNode node, ChoiceStream draw) =>
        _network.At(
            _network.Now + 20_000 + draw.Below(200_000),
            () =>
            {
                if (node.IsDead)
                    return;
                while (node.Recorder.Held!.Count > 0)
                {
                    _marks |= Mark.HeldCredit;
                    node.ReleaseOldest();
                }

                if (_network.Now < 60_000_000)
                    ReleaseLater(node, draw);
                else
                    node.Recorder.Held = null;
            }
        );

    private TransportKind Medium(ChoiceStream draw) => Options.Media[(int)draw.Below(Options.Media.Length)];

    private void Step(ChoiceStream steps, uint from)
    {
        if (!steps.Chance(0.9) || _network.Find(from) is not { } node)
            return;
        uint to = Other(steps, from);
        _traffic[node].Step(to, Options.Shape);
    }

    private uint Other(ChoiceStream draw, uint id) =>
        (uint)(((id - 1 + 1 + draw.Below(Options.Nodes - 1)) % Options.Nodes) + 1);

    private void Fault()
    {
        uint id = (uint)_faults.Below(Options.Nodes) + 1;
        uint other = Other(_faults, id);
        TransportKind kind = Medium(_faults);
        long time = _faults.Below(Options.LongestFault);
        SimulatedNode node = _network.Find(id)!;
        int what = (int)_faults.Below(12);
        _network.Log?.Invoke($"{_network.Now} fault {what} at {id} towards {other}, {kind}, {time} us");
        switch (what)
        {
            case 1 or 2:
                _network.Direction(id, other, kind).CutUntil = _network.Now + time;
                break;
            case 3:
                _network.Direction(id, other, kind).CutUntil = _network.Now + time;
                _network.Direction(other, id, kind).CutUntil = _network.Now + time;
                break;
            case 4:
                _network.Direction(id, other, kind).ClogUntil = _network.Now + time;
                break;
            case 5:
                _network.Kill(node);
                Start(id);
                break;
            case 6:
                node.Pause(time);
                break;
            case 7 when node.Links.Count > 0:
                node.Block(node.Links[(int)_faults.Below(node.Links.Count)], time);
                break;
            case 8 when node.Links.Count > 0:
                _network.Cut(node.Links[(int)_faults.Below(node.Links.Count)]);
                break;
            case 9:
                node.Open(other, kind);
                break;
            case 10:
                node.RemoveRoute(other);
                _network.At(_network.Now + time, () => Restore(node, other, kind));
                break;
            case 11:
                _network.MaxDelay = Options.MaxDelay * (1 + _faults.Below(3));
                break;
        }
    }

    private void Restore(SimulatedNode node, uint other, TransportKind kind)
    {
        if (node.IsDead || _isHealing)
            return;
        node.AddRoute(other);
        if (!node.Opens.ContainsKey(other))
            node.Open(other, kind);
    }

    private void CollectMarks()
    {
        foreach (SimulatedNode node in _everyone)
            _marks |= Marks.Of(node);
        foreach (TransportKind kind in Options.Media)
            _marks |= kind == TransportKind.Ip ? Mark.Datagrams : Mark.Connections;
        if (Options.Nodes > 2)
            _marks |= Mark.ThreeNodes;
        if (_everyone.Exists(node => node.Clock.Offset > 0 && node.Now > uint.MaxValue))
            _marks |= Mark.WrappedClock;
    }
}
