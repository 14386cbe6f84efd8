using FastForward.Transport.Registry.Tarantool;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>
/// The node's <see cref="NodeHealth"/> as a health check:
/// <c>services.AddHealthChecks().AddCheck&lt;ForwardHealthCheck&gt;("fastforward")</c>. With absent peers it is
/// degraded; when the loop does not respond within <see cref="ForwardServiceOptions.HealthLimit"/>, or no transport
/// runs, unhealthy. A registry that no server confirms is a problem too, and makes a healthy node degraded.
/// </summary>
/// <param name="node">The node.</param>
/// <param name="registries">The registries of its routes.</param>
/// <param name="options">The limit.</param>
public sealed class ForwardHealthCheck(
    ForwardNode node,
    IEnumerable<TarantoolRegistry> registries,
    IOptions<ForwardServiceOptions> options
) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        NodeHealth health = await node.CheckHealthAsync(options.Value.HealthLimit, cancellationToken)
            .ConfigureAwait(false);
        string[] unconfirmed = [.. registries.Select(static registry => registry.Status.Problem).OfType<string>()];
        HealthStatus status = health.Status switch
        {
            NodeHealthStatus.Healthy => unconfirmed.Length == 0 ? HealthStatus.Healthy : HealthStatus.Degraded,
            NodeHealthStatus.Degraded => HealthStatus.Degraded,
            _ => context?.Registration?.FailureStatus ?? HealthStatus.Unhealthy,
        };
        return new HealthCheckResult(
            status,
            string.Join("; ", [.. health.Problems, .. unconfirmed]),
            data: new Dictionary<string, object> { ["node"] = node.Id, ["absentPeers"] = health.AbsentPeers.ToArray() }
        );
    }
}
