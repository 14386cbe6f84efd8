namespace FastForward.Benchmarks.CrossProcess;

/// <summary>The contestants as options and reports name them.</summary>
internal static class ImplementationName
{
    public const string FastForward = "FastForward";
    public const string Floor = "C";
    public const string NetMQ = "NetMQ";
    public const string LiteNetLib = "LiteNetLib";

    public static string[] All { get; } = [FastForward, Floor, NetMQ, LiteNetLib];
}
