using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using HdrHistogram;

namespace FastForward.Host.Demo;

/// <summary>
/// The near side of the demo: several calls at once to the far node, and a check of every echo. It begins when the nodes
/// are connected and of two links that crossed one is left, ends its calls when the time is up, and then waits for the echoes still under way.
/// </summary>
internal sealed class TrafficActor(uint node, int talkers, bool withData, int seconds, Action<string> report) : IActor
{
    private const long SettleMicros = 3_000_000;
    private const long WarmUpMicros = 1_000_000;
    private const long BeatMicros = 100_000;

    // Both nodes connect, and move to one of the two links. What leaves right before that may arrive after what leaves right
    // after it, and a real-time message is then late by design: that is no loss of the medium that the demo shows.
    private static readonly TimeSpan s_settled = TimeSpan.FromSeconds(1);
    private const int BeatsPerReport = 5;

    private readonly Dictionary<ulong, DemoCall> _calls = [];
    private readonly List<Talker> _talkers = [];
    private ActorContext? _context;
    private DataCaller? _data;
    private LoopTimer? _beat;
    private bool _connected;
    private bool _hasBegun;
    private long _measuresFrom;
    private long _endsAt;
    private long _lastEvent;
    private int _beats;

    /// <summary>The service of the demo.</summary>
    public const ushort Service = 1;

    /// <inheritdoc/>
    public string Name => "demo traffic";

    /// <summary>Messages sent, accepted or not: one that the node refused counts as lost.</summary>
    public long Sent { get; private set; }

    /// <summary>Messages that the node refused.</summary>
    public long Refused { get; private set; }

    /// <summary>The echoes.</summary>
    public Tally Tally { get; } = new();

    /// <summary>
    /// Round trips in nanoseconds, up to a minute. Those of the first second are left out of longer runs: the runtime
    /// still compiles then, which says nothing about the network.
    /// </summary>
    public LongHistogram RoundTrips { get; } = new(60_000_000_000, 3);

    /// <summary>The time is up: calls end.</summary>
    public bool IsEnding => _context!.Loop.NowMicros >= _endsAt;

    /// <inheritdoc/>
    public void OnStart(ActorContext context)
    {
        _context = context;
        _beat = context.Loop.CreateTimer(Beat);
    }

    /// <inheritdoc/>
    public void OnPeer(in PeerEvent change)
    {
        if (change.Node != node || change.Kind != PeerEventKind.Connected || _connected)
            return;
        _connected = true;
        _beat!.SetAfter(BeatMicros);
    }

    /// <inheritdoc/>
    public void OnMessage(in ReceivedMessage message)
    {
        // An echo of a call that was never made is as wrong as one with a wrong byte.
        Arrival arrival = Arrival.Damaged;
        long roundTrip = 0;
        if (message.Node == node && _calls.TryGetValue(ActorStream.NumberOf(message.Stream), out DemoCall? call))
            arrival = call.Echoed(message.Payload, out roundTrip);
        Tally.Add(arrival);
        _lastEvent = _context!.Loop.NowMicros;
        if (arrival is Arrival.InOrder or Arrival.Reordered && _lastEvent >= _measuresFrom)
            RoundTrips.RecordValue(Math.Min(roundTrip, RoundTrips.HighestTrackableValue));
    }

    /// <inheritdoc/>
    public void OnWritable(uint peer, ulong stream) => _data?.OnWritable(stream);

    /// <summary>Begins a call on a stream of its own.</summary>
    public DemoCall OpenCall()
    {
        ulong stream = _context!.NewStream(Service);
        ulong number = ActorStream.NumberOf(stream);
        DemoCall call = new((uint)number, stream);
        _calls.Add(number, call);
        return call;
    }

    /// <summary>Sends the next message of a call. One that meets back-pressure was not sent.</summary>
    public SendStatus Send(DemoCall call, MessageClass messageClass, ReadOnlySpan<byte> message, bool isLast)
    {
        SendStatus status = _context!
            .Node.Send(node, call.Stream, messageClass, message, isLast ? SendOptions.End : SendOptions.None)
            .Status;
        if (status == SendStatus.BackPressured && messageClass == MessageClass.Reliable)
            return status;
        call.Sent();
        Sent++;
        if (status != SendStatus.Accepted)
            Refused++;
        _lastEvent = _context.Loop.NowMicros;
        return status;
    }

    private bool IsSettled =>
        _context!.Node.GetPeer(node) is { State: PeerState.Connected, Paths: [{ State: PathState.Sound } path] }
        && path.Age >= s_settled;

    private void Begin()
    {
        ForwardLoop loop = _context!.Loop;
        _measuresFrom = loop.NowMicros + (seconds > 1 ? WarmUpMicros : 0);
        _endsAt = loop.NowMicros + (seconds * 1_000_000L);
        for (int i = 0; i < talkers; i++)
            _talkers.Add(new Talker(this, loop, i));
        if (withData)
            _data = new DataCaller(this, loop, talkers);
        _hasBegun = true;
        _beat!.SetAfter(BeatMicros);
        report("connected");
    }

    private void Beat()
    {
        if (!_hasBegun)
        {
            if (IsSettled)
                Begin();
            else
                _beat!.SetAfter(BeatMicros);
            return;
        }

        long now = _context!.Loop.NowMicros;
        bool quiet = now - _lastEvent >= SettleMicros;
        bool complete = Tally.Delivered >= Sent;
        if (_talkers.TrueForAll(static talker => talker.IsDone) && _data?.IsDone != false && (complete || quiet))
        {
            report("done");
            return;
        }

        if (++_beats % BeatsPerReport == 0)
            report($"progress {Sent} {Tally.Delivered}");
        _beat!.SetAfter(BeatMicros);
    }
}
