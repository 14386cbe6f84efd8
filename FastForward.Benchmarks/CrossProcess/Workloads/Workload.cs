using FastForward.Benchmarks.CrossProcess.Contestants;
using HdrHistogram;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>What one side does with its endpoint. All calls are made on one thread.</summary>
internal abstract class Workload(IEndpoint endpoint, int size)
{
    /// <summary>The longest recorded time, one minute; longer ones are recorded as this.</summary>
    public const long LongestNanos = 60_000_000_000;

    private readonly byte[] _message = new byte[size];

    /// <summary>When to call <see cref="OnDue"/>, on <see cref="Clock"/>.</summary>
    public long Due { get; protected set; } = long.MaxValue;

    /// <summary>The recorded times in nanoseconds.</summary>
    public LongHistogram Times { get; } = new(LongestNanos, 3);

    /// <summary>Called for each received message.</summary>
    public abstract void OnMessage(ReadOnlySpan<byte> message);

    /// <summary>Called at or after <see cref="Due"/>.</summary>
    public virtual void OnDue() { }

    /// <summary>Called when there is room again after a send returned false.</summary>
    public virtual void OnWritable() { }

    protected bool TrySend(ulong stream, in MessageHeader header)
    {
        header.Write(_message);
        return endpoint.TrySend(stream, _message);
    }

    protected void Record(long nanos) => Times.RecordValue(Math.Clamp(nanos, 0, LongestNanos));
}
