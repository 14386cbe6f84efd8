namespace FastForward.Host.Running;

/// <summary>
/// The node cannot start for a reason outside the program. The message is for the operator and says what to do.
/// </summary>
internal sealed class StartFailure : Exception
{
    public StartFailure(string message, Exception? innerException = null)
        : base(message, innerException) { }
}
