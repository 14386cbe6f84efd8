using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>One message under way at any time: the next one leaves when the echo of the last one is here.</summary>
internal sealed class PingPong(IEndpoint endpoint, int size, Phase phase) : NearWorkload(endpoint, size, phase)
{
    private const long LostAfter = 1_000_000_000;
    private long _underWay;

    protected override void OnStart(long now)
    {
        Due = now + LostAfter;
        Ping(now);
    }

    protected override void OnEcho(in MessageHeader header)
    {
        if (header.Time != _underWay)
            return; // it was given up
        long now = Clock.Now;
        Received++;
        Record(now - header.Time);
        if (now < End)
            Ping(now);
        else
            Finish();
    }

    // Looked at once a second only, so that watching costs nothing.
    protected override void OnTurn()
    {
        long now = Clock.Now;
        Due = now + LostAfter;
        if (now - _underWay < LostAfter)
            return;
        if (now < End)
            Ping(now);
        else
            Finish();
    }

    private void Ping(long now)
    {
        _underWay = now;
        if (TrySend(1, new MessageHeader(now, MessageKind.Echo, Phase)))
            Sent++;
    }
}
