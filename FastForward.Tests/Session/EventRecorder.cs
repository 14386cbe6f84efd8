using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Records everything that the session reports to the application.</summary>
internal sealed class EventRecorder : ISessionEvents
{
    public Journal? Journal { get; init; }

    public List<(uint From, ulong Stream, ulong Sequence, ulong Skipped, byte[] Payload)> Messages { get; } = [];

    public List<StreamEnd> Ends { get; } = [];

    public List<(uint Node, ulong Stream)> WritableStreams { get; } = [];

    public List<Undelivered> Reports { get; } = [];

    public List<PeerEvent> Changes { get; } = [];

    /// <summary>The held credit of messages, oldest first; null to hold none.</summary>
    public Queue<MessageCredit>? Held { get; set; }

    /// <summary>The room reserved for notified senders, oldest first; null to end each reservation at once.</summary>
    public Queue<(IRoomOwner Owner, ulong Stream)>? Reservations { get; set; }

    /// <summary>Called for each message, to reply from within the callback.</summary>
    public Action<uint, ulong, byte[]>? OnMessage { get; set; }

    public void Clear()
    {
        Messages.Clear();
        Ends.Clear();
        WritableStreams.Clear();
        Reports.Clear();
        Changes.Clear();
    }

    public void Message(in ReceivedMessage message)
    {
        Journal?.Received(message);
        byte[] payload = message.Payload.ToArray();
        Messages.Add((message.Node, message.Stream, message.Sequence, message.SkippedBefore, payload));
        if (Held is not null && message.Credit.Bytes > 0)
        {
            message.Credit.Owner!.Hold(message.Credit.Stream!, message.Credit.Bytes);
            Held.Enqueue(message.Credit);
        }

        OnMessage?.Invoke(message.Node, message.Stream, payload);
    }

    public void StreamEnded(in StreamEnd end)
    {
        Journal?.Ended(end);
        Ends.Add(end);
    }

    public void Writable(uint peer, ulong stream, IRoomOwner owner)
    {
        WritableStreams.Add((peer, stream));
        if (Reservations is null)
            owner.EndReservation(stream);
        else
            Reservations.Enqueue((owner, stream));
    }

    public void Undelivered(in Undelivered report)
    {
        Journal?.Undelivered(report);
        Reports.Add(report);
    }

    public void PeerChanged(in PeerEvent change) => Changes.Add(change);

    public void PingEnded(in PingResult result, Action<PingResult> callback) => callback(result);
}
