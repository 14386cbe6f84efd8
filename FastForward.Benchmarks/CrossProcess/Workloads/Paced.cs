using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>
/// A fixed rate, whatever becomes of the answers. A time counts from when the message was due: a sender that is held up
/// sends late, and the delay is measured instead of omitted.
/// </summary>
/// <param name="endpoint">The way to the other side.</param>
/// <param name="size">Bytes per message.</param>
/// <param name="phase">The phase.</param>
/// <param name="kind">Echo for round trips, timed for one way.</param>
/// <param name="interval">Nanoseconds between two messages.</param>
/// <param name="tick">Due times are rounded down to a multiple of this, so that what falls into one tick is sent together.</param>
/// <param name="streams">The messages go round this many streams.</param>
internal sealed class Paced(
    IEndpoint endpoint,
    int size,
    Phase phase,
    MessageKind kind,
    long interval,
    long tick,
    int streams
) : NearWorkload(endpoint, size, phase)
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
                Due = long.MaxValue; // until there is room; the messages keep the times at which they were due
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
            Ask();
    }

    protected override void OnRoom() => Due = NextDue;
}
