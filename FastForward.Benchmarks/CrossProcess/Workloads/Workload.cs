using FastForward.Benchmarks.CrossProcess.Contestants;
using HdrHistogram;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>What one side does with its end point. All calls come on one thread.</summary>
internal abstract class Workload(IEndpoint endpoint, int size)
{
    /// <summary>The longest time that is told apart, a minute.</summary>
    public const long LongestNanos = 60_000_000_000;

    private readonly byte[] _message = new byte[size];

    /// <summary>When <see cref="OnDue"/> shall be called, on <see cref="Clock"/>.</summary>
    public long Due { get; protected set; } = long.MaxValue;

    /// <summary>Nanoseconds, each as often as it was taken.</summary>
    public LongHistogram Times { get; } = new(LongestNanos, 3);

    /// <summary>A message came in.</summary>
    public abstract void OnMessage(ReadOnlySpan<byte> message);

    /// <summary>The time is <see cref="Due"/>.</summary>
    public virtual void OnDue() { }

    /// <summary>There is room again after a send that was not taken.</summary>
    public virtual void OnWritable() { }

    protected bool TrySend(ulong stream, in MessageHeader header)
    {
        header.Write(_message);
        return endpoint.TrySend(stream, _message);
    }

    protected void Record(long nanos) => Times.RecordValue(Math.Clamp(nanos, 0, LongestNanos));
}
