namespace FastForward.Benchmarks.CrossProcess;

/// <summary>The contestants as options and reports name them.</summary>
internal static class ImplementationName
{
    public const string FastForward = "FastForward";
    public const string Floor = "C";
    public const string ConnectedFloor = "C connected";
    public const string NetMQ = "NetMQ";
    public const string LiteNetLib = "LiteNetLib";

    public static string[] All { get; } = [FastForward, Floor, ConnectedFloor, NetMQ, LiteNetLib];

    /// <summary>It is floor.c in a process, not this program again.</summary>
    public static bool IsFloor(string implementation) => implementation is Floor or ConnectedFloor;
}
