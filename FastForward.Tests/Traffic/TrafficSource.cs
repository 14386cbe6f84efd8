using FastForward.Transport;

namespace FastForward.Tests.Traffic;

/// <summary>
/// The workload of simulated and real processes: real-time messages on a few streams, and reliable messages, long and
/// short, on streams that begin, end and are reset. One per process.
/// </summary>
internal sealed class TrafficSource(ITrafficNode node, Random random)
{
    private const ulong FirstReliable = 100;
    private const int RealTimeShift = 32;

    private readonly Dictionary<uint, List<ulong>> _open = [];
    private readonly Dictionary<(uint, int), ulong> _endedRealTime = [];
    private ulong _next = FirstReliable;

    /// <summary>Sends one message to a peer, or resets a stream.</summary>
    public void Step(uint to, TrafficShape shape)
    {
        if (random.Next(shape.RealTimeShare) == 0)
        {
            SendRealTime(to, shape);
            return;
        }

        if (!_open.TryGetValue(to, out List<ulong>? open))
            _open.Add(to, open = []);
        if (open.Count < shape.OpenStreams)
            open.Add(_next++);
        int place = random.Next(open.Count);
        bool reset = random.Next(shape.ResetShare) == 0;
        bool end = !reset && random.Next(shape.EndShare) == 0;
        SendStatus status = reset
            ? node.ResetStream(to, open[place], 7)
            : Send(
                to,
                open[place],
                MessageClass.Reliable,
                random.Next(shape.LongShare) == 0 ? random.Next(shape.Longest) : random.Next(8, 300),
                end
            );
        // The id of an ended stream is not used again.
        if (reset || (end ? status != SendStatus.BackPressured : status == SendStatus.StreamEnded))
            open.RemoveAt(place);
    }

    private void SendRealTime(uint to, TrafficShape shape)
    {
        int place = random.Next(shape.RealTimeStreams);
        ulong ended = _endedRealTime.GetValueOrDefault((to, place));
        bool end = shape.RealTimeEndShare > 0 && random.Next(shape.RealTimeEndShare) == 0;
        ulong stream = (ulong)place + (ended << RealTimeShift);
        SendStatus status = Send(to, stream, MessageClass.RealTime, random.Next(8, shape.RealTimeLongest), end);
        // An ended stream is followed by another one.
        if (status == SendStatus.StreamEnded || (end && status == SendStatus.Accepted))
            _endedRealTime[(to, place)] = ended + 1;
    }

    private SendStatus Send(uint to, ulong stream, MessageClass messageClass, int size, bool end) =>
        node
            .Journal.Send(to, stream, messageClass, size, payload => node.Send(to, stream, messageClass, payload, end))
            .Status;
}
