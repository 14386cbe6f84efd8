using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Connections;

/// <summary>One packet per frame: for sockets that take a packet whole or not at all (unix(7)).</summary>
/// <param name="socket">A seqpacket socket.</param>
/// <param name="incoming">The buffer that packets are read into, shared with other channels.</param>
internal sealed unsafe class PacketChannel(Descriptor socket, byte* incoming)
    : FrameChannel(socket, LibC.SOCK_SEQPACKET)
{
    public override void Greet(ReadOnlySpan<byte> packet)
    {
        fixed (byte* start = packet)
            Push(start, packet.Length, out _, out _);
    }

    public override SendStatus Continue(out int error)
    {
        SendStatus status = Push(Outgoing, Pending, out _, out error);
        if (status == SendStatus.Sent)
            Pending = 0;
        return status;
    }

    public override ReadStatus Read(out Span<byte> frame, out int error, out string? fault)
    {
        frame = default;
        fault = null;

        // With MSG_TRUNC (recv(2)) the result is the packet's length even if the buffer is shorter.
        int length = Pull(incoming, MaxFrameSize, LibC.MSG_TRUNC, out ReadStatus status, out error);
        if (length == 0)
            return status;
        if (length > MaxFrameSize)
        {
            fault = $"received a frame of {length} bytes; at most {MaxFrameSize} were agreed";
            return ReadStatus.Violation;
        }

        frame = new Span<byte>(incoming, length);
        return ReadStatus.Frame;
    }
}
