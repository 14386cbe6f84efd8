namespace FastForward.Transport;

/// <summary>The answer to a send.</summary>
/// <param name="Status">Whether the message was accepted, or why not.</param>
/// <param name="Sequence">Its number on the stream, from 0, when accepted; 0 otherwise.</param>
public readonly record struct SendResult(SendStatus Status, ulong Sequence)
{
    /// <summary>Whether the message was accepted.</summary>
    public bool IsAccepted => Status == SendStatus.Accepted;
}
