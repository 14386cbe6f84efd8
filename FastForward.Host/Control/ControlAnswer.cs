namespace FastForward.Host.Control;

/// <summary>One line of the control socket's answer. The member that is present is its type.</summary>
internal sealed record ControlAnswer
{
    /// <summary>The version of the protocol; a setter, so that an absent one is read as 1.</summary>
    public int Version { get; set; } = 1;

    /// <summary>The id of the node that answers.</summary>
    public uint? Node { get; init; }

    /// <summary>The request failed; no more lines follow.</summary>
    public ControlError? Error { get; init; }

    /// <summary>The answer to <c>stat</c>; no more lines follow.</summary>
    public NodeReport? Stat { get; init; }

    /// <summary>The answer to <c>health</c>; no more lines follow.</summary>
    public HealthReport? Health { get; init; }

    /// <summary>The answer to <c>accept</c>; no more lines follow.</summary>
    public IReadOnlyList<AcceptedReport>? Accepted { get; init; }

    /// <summary>The first line of the answer to <c>ping</c>.</summary>
    public PingBegin? Begin { get; init; }

    /// <summary>The outcome of one probe.</summary>
    public PingReply? Reply { get; init; }

    /// <summary>All requested probes are complete; no more lines follow.</summary>
    public PingEnd? End { get; init; }
}
