namespace FastForward.Tests.Simulation;

/// <summary>What became of a world.</summary>
internal enum WorldFailure
{
    None,

    /// <summary>An exception.</summary>
    Crash,

    /// <summary>It does not come to rest: a loop, or a timer that is left due.</summary>
    Hot,

    /// <summary>A message was lost, repeated, reordered or delivered elsewhere.</summary>
    Delivery,

    /// <summary>A frame was written or taken that may not be (<see cref="WireModel"/>).</summary>
    Wire,

    /// <summary>After the healing something is still not delivered, or not connected.</summary>
    Liveness,

    /// <summary>At rest something is still kept.</summary>
    Memory,

    /// <summary>At rest the two sides count different credit.</summary>
    Credit,

    /// <summary>The end of a stream was not reported.</summary>
    Ends,
}

/// <param name="Failure">The first one.</param>
/// <param name="Text">What it was.</param>
/// <param name="Options">The options of the world.</param>
/// <param name="Marks">What happened in the world.</param>
/// <param name="Hash">Of all that was written, in order.</param>
/// <param name="Events">The number of events.</param>
internal readonly record struct WorldResult(
    WorldFailure Failure,
    string Text,
    WorldOptions Options,
    Mark Marks,
    ulong Hash,
    long Events
);
