namespace FastForward.Transport;

/// <summary>
/// An operation with another node failed. Time-outs are <see cref="TimeoutException"/>, cancellations
/// <see cref="OperationCanceledException"/>; everything else derives from this class.
/// </summary>
public class ForwardException : IOException
{
    /// <summary>Creates an exception.</summary>
    /// <param name="node">The other node.</param>
    /// <param name="message">What failed and why.</param>
    internal ForwardException(uint node, string message)
        : base(message) => Node = node;

    /// <summary>The other node; 0 where it is not known.</summary>
    public uint Node { get; }
}
