namespace FastForward.Transport;

/// <summary>
/// The part of its sender's credit that a <see cref="MessageClass.Reliable"/> message used. It goes back to the sender
/// when the handler returns, unless the handler holds it (<see cref="ForwardNode.HoldCredit(in ReceivedMessage)"/>).
/// </summary>
/// <remarks>Real-time messages use no credit; holding and releasing theirs does nothing.</remarks>
internal readonly struct MessageCredit
{
    public MessageCredit(uint node, ICreditOwner owner, object stream, int bytes)
    {
        Node = node;
        Owner = owner;
        Stream = stream;
        Bytes = bytes;
    }

    /// <summary>Bytes of payload, and a fixed amount for the message itself; 0 for a real-time message.</summary>
    public int Bytes { get; }

    public uint Node { get; }

    public ICreditOwner? Owner { get; }

    public object? Stream { get; }
}
