using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using HdrHistogram;

namespace FastForward.Host.Demo;

/// <summary>
/// The sending side of the demo: several calls at once to the other node, and a check of every echo. It begins when the
/// nodes are connected, ends its calls when the time is up, and then waits for outstanding echoes.
/// </summary>
internal sealed class TrafficActor(uint node, int talkers, int seconds, DeliveryWatch watch, Action<string> report)
    : IActor
{
    private static readonly TimeSpan s_settle = TimeSpan.FromMicroseconds(3_000_000);
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMicroseconds(1_000_000);
    private static readonly TimeSpan s_beat = TimeSpan.FromMicroseconds(100_000);
    private const int BeatsPerReport = 5;

    private readonly Dictionary<ulong, DemoCall> _calls = [];
    private readonly List<Talker> _talkers = [];
    private readonly LongHistogram _realTimeRoundTrips = new(60_000_000_000, 3);
    private readonly LongHistogram _reliableRoundTrips = new(60_000_000_000, 3);
    private ActorContext? _context;
    private DataCaller? _data;
    private LoopTimer? _beat;
    private bool _connected;
    private TimeSpan _measuresFrom;
    private TimeSpan _endsAt;
    private TimeSpan _lastEvent;
    private int _beats;

    /// <summary>The service of the demo.</summary>
    public const byte Service = 1;

    /// <inheritdoc/>
    public string Name => "demo traffic";

    /// <summary>Messages sent, accepted or not: one that the node refused counts as lost.</summary>
    public long Sent { get; private set; }

    /// <summary>Messages that the node refused.</summary>
    public long Refused { get; private set; }

    /// <summary>The echoes.</summary>
    public Tally Tally { get; } = new();

    /// <summary>The messages that were accepted, and the echoes.</summary>
    public ClassCounts Counts { get; } = new();

    /// <summary>The time is up: calls end.</summary>
    public bool IsEnding => _context!.Loop.Now >= _endsAt;

    /// <summary>
    /// Round trips in nanoseconds, up to a minute. Longer runs leave out those of the first second, while the runtime
    /// still compiles.
    /// </summary>
    public LongHistogram RoundTripsOf(MessageClass messageClass) =>
        messageClass == MessageClass.Reliable ? _reliableRoundTrips : _realTimeRoundTrips;

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
        Begin();
    }

    /// <inheritdoc/>
    public void OnMessage(in ReceivedMessage message)
    {
        // An echo of an unknown call counts as damaged.
        Arrival arrival = Arrival.Damaged;
        long roundTrip = 0;
        if (message.Node == node && _calls.TryGetValue(message.Stream, out DemoCall? call))
            arrival = call.Echoed(message.Payload, out roundTrip);
        Tally.Add(arrival);
        Counts.Arrive(message.Class, arrival);
        _lastEvent = _context!.Loop.Now;
        watch.Arrived(message.Class, _lastEvent);
        if (arrival is not (Arrival.InOrder or Arrival.Reordered) || _lastEvent < _measuresFrom)
            return;
        LongHistogram roundTrips = RoundTripsOf(message.Class);
        roundTrips.RecordValue(Math.Min(roundTrip, roundTrips.HighestTrackableValue));
    }

    /// <inheritdoc/>
    public void OnWritable(uint peer, ulong stream) => _data?.OnWritable(stream);

    /// <summary>Begins a call on a stream of its own.</summary>
    public DemoCall OpenCall(MessageClass messageClass)
    {
        ForwardStream stream = _context!.Node.OpenStream(node, messageClass, Service);
        DemoCall call = new((uint)stream.Id, stream);
        _calls.Add(stream.OppositeId, call);
        return call;
    }

    /// <summary>Sends the next message of a call. One that meets back-pressure was not sent.</summary>
    public SendStatus Send(DemoCall call, ReadOnlySpan<byte> message, bool isLast)
    {
        SendStatus status = call.Stream.Send(message, isLast ? SendOptions.End : SendOptions.None).Status;
        if (status == SendStatus.BackPressured && call.Stream.Class == MessageClass.Reliable)
            return status;
        call.Sent();
        Sent++;
        if (status == SendStatus.Accepted)
            Counts.Accept(call.Stream.Class);
        else
            Refused++;
        _lastEvent = _context!.Loop.Now;
        return status;
    }

    private void Begin()
    {
        ForwardLoop loop = _context!.Loop;
        _measuresFrom = loop.Now + (seconds > 1 ? s_warmUp : default);
        _endsAt = loop.Now + TimeSpan.FromSeconds(seconds);
        for (int i = 0; i < talkers; i++)
            _talkers.Add(new Talker(this, loop, i));
        _data = new DataCaller(this, loop, talkers);
        _beat!.SetAfter(s_beat);
        report("connected");
    }

    private void Beat()
    {
        TimeSpan now = _context!.Loop.Now;
        bool quiet = now - _lastEvent >= s_settle;
        bool complete = Tally.Delivered >= Sent;
        if (_talkers.TrueForAll(static talker => talker.IsDone) && _data!.IsDone && (complete || quiet))
        {
            report("done");
            return;
        }

        if (++_beats % BeatsPerReport == 0)
            report($"progress {Sent} {Tally.Delivered}");
        _beat!.SetAfter(s_beat);
    }
}
