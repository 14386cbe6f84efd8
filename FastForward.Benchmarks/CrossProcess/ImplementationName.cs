namespace FastForward.Benchmarks.CrossProcess;

/// <summary>Names of the implementations in options and reports.</summary>
internal static class ImplementationName
{
    public const string FastForward = "FastForward";

    /// <summary>FastForward with reliable messages where it uses real-time ones otherwise.</summary>
    public const string Reliable = "FastForward reliable";

    /// <summary>FastForward with a key of the two nodes, so that frames over IP are sealed.</summary>
    public const string Sealed = "FastForward sealed";

    public const string Floor = "C";
    public const string ConnectedFloor = "C connected";
    public const string BatchedFloor = "C batched";
    public const string PackedFloor = "C packed";
    public const string NetMQ = "NetMQ";
    public const string LiteNetLib = "LiteNetLib";

    public static string[] All { get; } =
    [FastForward, Reliable, Sealed, Floor, ConnectedFloor, BatchedFloor, PackedFloor, NetMQ, LiteNetLib];

    /// <summary>Whether its processes run floor.c rather than this program.</summary>
    public static bool IsFloor(string implementation) =>
        implementation is Floor or ConnectedFloor or BatchedFloor or PackedFloor;
}
