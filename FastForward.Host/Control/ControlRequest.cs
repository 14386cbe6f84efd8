namespace FastForward.Host.Control;

/// <summary>
/// The request of a client of the control socket. Properties have setters because the generated reader would set absent
/// ones with <c>init</c> to 0 rather than to their defaults.
/// </summary>
internal sealed record ControlRequest
{
    /// <summary>The version of the protocol; there is 1.</summary>
    public int Version { get; set; } = 1;

    /// <summary><c>stat</c>, <c>health</c>, <c>ping</c> or <c>accept</c>.</summary>
    public string? Command { get; set; }

    /// <summary>accept: the name of the registry; absent for all.</summary>
    public string? Registry { get; set; }

    /// <summary>ping: the node.</summary>
    public uint Node { get; set; }

    /// <summary>ping: how many times; 0 for no end.</summary>
    public long Count { get; set; }

    /// <summary>ping: the time between two, 10 to 60,000.</summary>
    public int IntervalMillis { get; set; } = 1000;

    /// <summary>ping: how long an answer may take, 10 to 60,000.</summary>
    public int TimeoutMillis { get; set; } = 2000;

    /// <summary>ping: bytes to fill each probe up with, 0 to 1100.</summary>
    public int Size { get; set; }
}
