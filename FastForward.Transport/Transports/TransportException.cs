namespace FastForward.Transport.Transports;

/// <summary>
/// A transport could not be started. The message names the end point, the reason, and the remedy.
/// </summary>
public sealed class TransportException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">The end point, the reason, and what to do about it.</param>
    /// <param name="innerException">The cause, when there is one.</param>
    public TransportException(string message, Exception? innerException = null)
        : base(message, innerException) { }
}
