namespace FastForward.Transport.Transports;

/// <summary>
/// A transport could not be started. The message names the end point, the reason, and the remedy.
/// </summary>
public sealed class TransportException : Exception
{
    /// <summary>Creates the exception.</summary>
    public TransportException(string message)
        : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    public TransportException(string message, Exception? innerException)
        : base(message, innerException) { }
}
