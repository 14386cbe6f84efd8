using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>
/// Sends at a fixed rate without waiting for replies. Times are measured from when a message was due, so a delayed send
/// is included in the result (no coordinated omission).
/// </summary>
/// <param name="endpoint">The connection.</param>
/// <param name="size">Bytes per message.</param>
/// <param name="phase">The phase.</param>
/// <param name="kind">Echo for round trips, timed for one way.</param>
/// <param name="interval">Nanoseconds between two messages.</param>
/// <param name="tick">Due times are rounded down to a multiple of this many nanoseconds.</param>
/// <param name="streams">The number of streams, used in turn.</param>
internal sealed class Paced(
    IEndpoint endpoint,
    int size,
    Phase phase,
    MessageKind kind,
    long interval,
    long tick,
    int streams
) : ClientWorkload(endpoint, size, phase)
{
    private long _start;
    private uint _stream;

    private long NextDue => _start + (Sent * interval / tick * tick);

    protected override void OnStart(long now)
    {
        _start = now;
        Due = now;
    }

    protected override void OnEcho(in MessageHeader header)
    {
        Received++;
        Record(Clock.Now - header.Time);
    }

    protected override void OnTurn()
    {
        long now = Clock.Now,
            due = NextDue;
        for (; due <= now && due < End; due = NextDue)
        {
            if (!TrySend(1 + _stream, new MessageHeader(due, kind, Phase)))
            {
                Due = long.MaxValue; // until OnRoom; the due times of the messages do not change
                return;
            }

            Sent++;
            if (++_stream == streams)
                _stream = 0;
        }

        Due = due;
        if (due < End)
            return;
        if (kind == MessageKind.Echo)
            Drain();
        else
            RequestCount();
    }

    protected override void OnRoom() => Due = NextDue;
}
