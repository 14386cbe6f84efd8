using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>
/// The node's <see cref="NodeHealth"/> as a health check:
/// <c>services.AddHealthChecks().AddCheck&lt;ForwardHealthCheck&gt;("fastforward")</c>. With absent peers it is
/// degraded; when the loop does not respond within <see cref="ForwardServiceOptions.HealthLimit"/>, or no transport
/// runs, unhealthy.
/// </summary>
/// <param name="node">The node.</param>
/// <param name="options">The limit.</param>
public sealed class ForwardHealthCheck(ForwardNode node, IOptions<ForwardServiceOptions> options) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        NodeHealth health = await node.CheckHealthAsync(options.Value.HealthLimit, cancellationToken)
            .ConfigureAwait(false);
        HealthStatus status = health.Status switch
        {
            NodeHealthStatus.Healthy => HealthStatus.Healthy,
            NodeHealthStatus.Degraded => HealthStatus.Degraded,
            _ => context?.Registration?.FailureStatus ?? HealthStatus.Unhealthy,
        };
        return new HealthCheckResult(
            status,
            string.Join("; ", health.Problems),
            data: new Dictionary<string, object> { ["node"] = node.Id, ["absentPeers"] = health.AbsentPeers.ToArray() }
        );
    }
}
