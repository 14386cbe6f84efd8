using FastForward.Benchmarks.CrossProcess.Processes;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>Creates the endpoint of a managed implementation.</summary>
internal static class Endpoints
{
    public static IEndpoint Create(SidePlan plan) =>
        plan.Implementation switch
        {
            ImplementationName.FastForward or ImplementationName.Reliable or ImplementationName.Sealed =>
                new NodeEndpoint(plan),
            ImplementationName.NetMQ => new NetMqEndpoint(plan),
            ImplementationName.LiteNetLib => new LiteNetEndpoint(plan),
            _ => throw new BenchmarkFailure($"there is no implementation {plan.Implementation}"),
        };
}
