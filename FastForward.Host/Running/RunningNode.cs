using System.Diagnostics;
using FastForward.Host.Actors;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using Microsoft.Extensions.Options;

namespace FastForward.Host.Running;

/// <summary>The node of this process, as the control socket sees it.</summary>
internal sealed class RunningNode(
    InstanceSettings settings,
    ForwardNode node,
    ForwardLoop loop,
    IOptions<ForwardLoopOptions> loopOptions,
    OverrideResolver routes,
    IEnumerable<TarantoolRegistry> registries,
    ServiceMetrics? services = null
)
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private volatile bool _isStarted;

    /// <summary>What the instance file says.</summary>
    public InstanceSettings Settings { get; } = settings;

    /// <summary>The node.</summary>
    public ForwardNode Node { get; } = node;

    /// <summary>Whether the node and its actors have started. Thread-safe.</summary>
    public bool IsStarted => _isStarted;

    /// <summary>Its loop.</summary>
    public ForwardLoop Loop { get; } = loop;

    /// <summary>Its routes.</summary>
    public OverrideResolver Routes { get; } = routes;

    /// <summary>The registries that it follows.</summary>
    public IReadOnlyList<TarantoolRegistry> Registries { get; } = [.. registries];

    /// <summary>Its bridges and outlets.</summary>
    public IReadOnlyList<ICountedService> Actors => services?.Services ?? [];

    /// <summary>A cycle of the loop longer than this counts as slow.</summary>
    public int SlowCycleMicros { get; } = (int)loopOptions.Value.SlowCycleLimit.TotalMicroseconds;

    /// <summary>The time since the node was created.</summary>
    public TimeSpan Uptime => Stopwatch.GetElapsedTime(_began);

    /// <summary>The node and its actors have started.</summary>
    public void Started() => _isStarted = true;
}
