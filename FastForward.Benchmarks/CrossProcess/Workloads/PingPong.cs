using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>One message in flight: the next one is sent when the echo of the last one has arrived.</summary>
internal sealed class PingPong(IEndpoint endpoint, int size, Phase phase) : ClientWorkload(endpoint, size, phase)
{
    private const long LostAfter = 1_000_000_000;
    private long _inFlight;

    protected override void OnStart(long now)
    {
        Due = now + LostAfter;
        Ping(now);
    }

    protected override void OnEcho(in MessageHeader header)
    {
        if (header.Time != _inFlight)
            return; // considered lost earlier
        long now = Clock.Now;
        Received++;
        Record(now - header.Time);
        if (now < End)
            Ping(now);
        else
            Finish();
    }

    // Lost messages are checked for once a second, so that the check has no measurable cost.
    protected override void OnTurn()
    {
        long now = Clock.Now;
        Due = now + LostAfter;
        if (now - _inFlight < LostAfter)
            return;
        if (now < End)
            Ping(now);
        else
            Finish();
    }

    private void Ping(long now)
    {
        _inFlight = now;
        if (TrySend(1, new MessageHeader(now, MessageKind.Echo, Phase)))
            Sent++;
    }
}
