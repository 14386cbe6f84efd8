namespace FastForward.Transport;

/// <summary>
/// What a <see cref="MessageClass.Reliable"/> message used of the credit that its sender has here. Credit goes back to the
/// sender when the handler returns, unless the handler holds it (<see cref="ForwardNode.HoldCredit(in ReceivedMessage)"/>): so whoever keeps
/// messages for later makes the sender wait, instead of keeping more and more of them.
/// </summary>
/// <remarks>Real-time messages use no credit; holding and releasing theirs does nothing.</remarks>
internal readonly struct MessageCredit
{
    internal MessageCredit(uint node, ICreditOwner owner, object stream, int bytes)
    {
        Node = node;
        Owner = owner;
        Stream = stream;
        Bytes = bytes;
    }

    /// <summary>Bytes of payload, and a fixed amount for the message itself; 0 for a real-time message.</summary>
    public int Bytes { get; }

    internal uint Node { get; }

    internal ICreditOwner? Owner { get; }

    internal object? Stream { get; }
}
