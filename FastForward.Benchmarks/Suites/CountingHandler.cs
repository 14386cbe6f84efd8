using FastForward.Transport;

namespace FastForward.Benchmarks.Suites;

/// <summary>Counts what comes.</summary>
internal sealed class CountingHandler : IForwardHandler
{
    private long _count;

    /// <summary>Messages so far; any thread may read it.</summary>
    public long Count => Volatile.Read(ref _count);

    public void OnMessage(in ReceivedMessage message) => Volatile.Write(ref _count, _count + 1);
}
