namespace FastForward.Transport.Registry;

/// <summary>What one source says of one node, and what of it is in use.</summary>
internal sealed class RouteStatement
{
    /// <summary>What the source says now; null when it says nothing that can be used.</summary>
    public Route? Fresh { get; private set; }

    /// <summary>
    /// What is in use: the fresh row, or the last good one where that is bad; null when nothing can be.
    /// </summary>
    public Route? InUse { get; set; }

    /// <summary>What the source asks for: the fresh row, or the one in use where that is bad.</summary>
    public Route? Wanted => Fresh ?? InUse;

    /// <summary>What goes into use while the routes of the node are evaluated.</summary>
    public Route? Chosen { get; set; }

    /// <summary>True while the choice would open a way without a key out of the machine.</summary>
    public bool IsExposed => Chosen is { Row.KeyId: 0 } && RouteAddress.NeedsKey(Chosen.EndPoint);

    /// <summary>What is wrong with the rows of the node; null when nothing is.</summary>
    public RouteTrouble? Trouble { get; private set; }

    /// <summary>The pass over the source in which the node was mentioned last.</summary>
    public uint Pass { get; private set; }

    /// <summary>Whether the row is all that the source said of the node in its last pass.</summary>
    public bool SaysOnly(in RouteRow row) =>
        Trouble is null or { Skipped.Count: 0 } && Fresh is { } fresh && fresh.Row == row;

    /// <summary>The node is mentioned again, as before.</summary>
    public void Confirm(uint pass) => Pass = pass;

    /// <summary>The node is mentioned for the first time in a pass, in another way than before.</summary>
    public void Begin(uint pass)
    {
        Pass = pass;
        Fresh = null;
        Trouble = null;
    }

    /// <summary>Takes a row; the first one of a pass counts.</summary>
    public bool TryTake(Route route)
    {
        if (Fresh is not null)
            return false;
        Fresh = route;
        return true;
    }

    /// <summary>A row of the node is skipped.</summary>
    public void Skip(RouteProblem problem) => (Trouble ??= new RouteTrouble()).Skipped.Add(problem);

    /// <summary>The row is not in use although it can be read; null when it is.</summary>
    public void Expose(RouteProblem? exposure)
    {
        if (exposure is not null)
            (Trouble ??= new RouteTrouble()).Exposure = exposure;
        else if (Trouble is { Skipped.Count: > 0 })
            Trouble.Exposure = null;
        else
            Trouble = null;
    }
}
