namespace FastForward.Transport;

/// <summary>Extras of a send.</summary>
[Flags]
public enum SendOptions
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The last message of its stream.</summary>
    End = 1,
}
