using FastForward.Transport;

namespace FastForward.Benchmarks.Suites;

/// <summary>Counts received messages.</summary>
internal sealed class CountingHandler : IForwardHandler
{
    private long _count;

    /// <summary>The number of messages so far; may be read from any thread.</summary>
    public long Count => Volatile.Read(ref _count);

    public void OnMessage(in ReceivedMessage message) => Volatile.Write(ref _count, _count + 1);
}
