namespace FastForward.Host.Demo;

/// <summary>What a message of the demo is.</summary>
internal enum DemoMessageKind : byte
{
    /// <summary>The beginning of a call.</summary>
    Header = 1,

    /// <summary>A voice burst, A to F.</summary>
    Voice = 2,

    /// <summary>The end of a call.</summary>
    Terminator = 3,

    /// <summary>A piece of a data call.</summary>
    Data = 4,
}
