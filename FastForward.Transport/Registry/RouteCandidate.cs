namespace FastForward.Transport.Registry;

/// <summary>One source's say on one node while a snapshot is built.</summary>
internal sealed class RouteCandidate
{
    /// <summary>The source's place in the order of precedence.</summary>
    public required int Source { get; init; }

    /// <summary>What the source says now; null when it says nothing that can be used.</summary>
    public Route? Fresh { get; set; }

    /// <summary>The last row of this source for this node that was in use; null when there was none.</summary>
    public Route? Previous { get; set; }

    /// <summary>What the source asks for: the fresh row, or the previous one where that is bad.</summary>
    public Route? Wanted => Fresh ?? Previous;

    /// <summary>What goes into the snapshot; null when nothing can.</summary>
    public Route? Chosen { get; set; }

    /// <summary>True while the choice would open a way without a key out of the machine.</summary>
    public bool IsExposed => Chosen is { Row.KeyId: 0 } && RouteAddress.NeedsKey(Chosen.EndPoint);
}
