using FastForward.Transport;
using FastForward.Transport.Actors;

namespace FastForward.Host.Demo;

/// <summary>The receiving side of the demo: checks each message and sends it back as it is.</summary>
internal sealed class EchoActor(DeliveryWatch watch) : IActor
{
    private readonly Dictionary<ulong, (CallCheck Check, ForwardStream Reply)> _calls = [];
    private ActorContext? _context;

    /// <inheritdoc/>
    public string Name => "demo echo";

    /// <summary>What arrived.</summary>
    public Tally Tally { get; } = new();

    /// <summary>What arrived and was sent back.</summary>
    public ClassCounts Counts { get; } = new();

    /// <summary>Echoes that the node did not take.</summary>
    public long Refused { get; private set; }

    /// <inheritdoc/>
    public void OnStart(ActorContext context) => _context = context;

    /// <inheritdoc/>
    public void OnMessage(in ReceivedMessage message)
    {
        if (!_calls.TryGetValue(message.Stream, out (CallCheck Check, ForwardStream Reply) call))
        {
            call = (new CallCheck((uint)message.Stream), _context!.Node.OpenReply(message));
            _calls.Add(message.Stream, call);
        }

        Arrival arrival = call.Check.Take(message.Payload, out _);
        Tally.Add(arrival);
        Counts.Arrive(message.Class, arrival);
        watch.Arrived(message.Class, _context!.Loop.Now);
        if (arrival == Arrival.Damaged)
            return; // no echo: it counts as lost there
        SendResult result = call.Reply.Send(message.Payload, message.IsLast ? SendOptions.End : SendOptions.None);
        if (result.IsAccepted)
            Counts.Accept(message.Class);
        else
            Refused++;
    }
}
