namespace FastForward.Transport;

/// <summary>The answer to a send. Only <see cref="Accepted"/> takes the message.</summary>
public enum SendStatus
{
    /// <summary>The message was copied and will be delivered as its class guarantees, or reported.</summary>
    Accepted,

    /// <summary>
    /// The peer's send store or the receiver's credit is used up; <see cref="IForwardHandler.OnWritable"/> follows.
    /// </summary>
    BackPressured,

    /// <summary>The node is known but no path to it is up, and the class does not queue.</summary>
    NotConnected,

    /// <summary>No route leads to the node.</summary>
    UnknownNode,

    /// <summary>
    /// More than 64 KiB (<see cref="MessageClass.Reliable"/>) or 1100 bytes (<see cref="MessageClass.RealTime"/>).
    /// </summary>
    TooLarge,

    /// <summary>The stream was ended or reset before; its id cannot be reused.</summary>
    StreamEnded,

    /// <summary>The stream was opened with the other class.</summary>
    WrongClass,

    /// <summary>
    /// The peer has as many streams open, or twice as many waiting for room, as the limit allows; no callback follows.
    /// </summary>
    TooManyStreams,

    /// <summary>The node is stopping and accepts nothing more.</summary>
    Stopping,
}
