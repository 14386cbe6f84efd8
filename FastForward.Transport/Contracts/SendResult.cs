namespace FastForward.Transport;

/// <summary>The answer to a send.</summary>
/// <param name="Status">What became of the message.</param>
/// <param name="Sequence">Its number on the stream, from 0, when accepted; 0 otherwise.</param>
public readonly record struct SendResult(SendStatus Status, ulong Sequence)
{
    /// <summary>The message was taken.</summary>
    public bool IsAccepted => Status == SendStatus.Accepted;
}
