namespace FastForward.Host.Demo;

/// <summary>What a message is to the check of its call.</summary>
internal enum Arrival
{
    /// <summary>Sound, and later than all before it; what it skipped is missing so far.</summary>
    InOrder,

    /// <summary>Sound and new, but one that was sent later came before it.</summary>
    Reordered,

    /// <summary>It came before.</summary>
    Duplicate,

    /// <summary>Its content is not what was sent, or it belongs to another call.</summary>
    Damaged,
}
