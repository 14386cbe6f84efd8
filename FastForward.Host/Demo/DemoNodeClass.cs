namespace FastForward.Host.Demo;

/// <summary>The result of one node process of the demo for one message class.</summary>
/// <param name="Accepted">Messages and echoes that the node accepted.</param>
/// <param name="Delivered">Messages and echoes of the other node that arrived, each counted once.</param>
/// <param name="RoundTrips">Pairs of a round trip in nanoseconds and how often it was measured.</param>
internal sealed record DemoNodeClass(long Accepted, long Delivered, IReadOnlyList<long[]> RoundTrips);
