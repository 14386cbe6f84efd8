using FastForward.Transport.Logging;

namespace FastForward.Transport.Actors;

/// <summary>An actor in its system, with its counters and log gates.</summary>
internal sealed class ActorSlot(IActor actor, string name)
{
    private LogGate _failureGate;
    private LogGate _slowGate;

    public IActor Actor { get; } = actor;

    public string Name { get; } = name;

    public ActorStatistics Statistics { get; } = new(name);

    public ref LogGate FailureGate => ref _failureGate;

    public ref LogGate SlowGate => ref _slowGate;
}
