using FastForward.Transport.Loop;

namespace FastForward.Transport.Actors;

/// <summary>Counters of one actor since its start. Written by the loop thread; any thread may read.</summary>
public sealed class ActorStatistics
{
    private long _messages;
    private long _failures;
    private long _slowCalls;
    private long _longestMicros;

    internal ActorStatistics(string name) => Name = name;

    /// <summary>The actor's name.</summary>
    public string Name { get; }

    /// <summary>Messages passed to the actor.</summary>
    public long Messages => Volatile.Read(ref _messages);

    /// <summary>Exceptions that the actor threw.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Calls that took longer than <see cref="ForwardLoopOptions.SlowCycleLimit"/>.</summary>
    public long SlowCalls => Volatile.Read(ref _slowCalls);

    /// <summary>The longest call.</summary>
    public TimeSpan LongestCall => TimeSpan.FromMicroseconds(Volatile.Read(ref _longestMicros));

    internal void Message() => _messages++;

    internal void Failed() => _failures++;

    internal bool Took(long micros, long slow)
    {
        if (micros > _longestMicros)
            _longestMicros = micros;
        if (micros <= slow)
            return false;
        _slowCalls++;
        return true;
    }
}
