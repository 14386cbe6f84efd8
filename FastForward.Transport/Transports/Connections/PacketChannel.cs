using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Connections;

/// <summary>A packet per frame, nothing else: for sockets that take a packet whole or not at all (UNIX).</summary>
/// <param name="socket">A seqpacket socket.</param>
/// <param name="incoming">Where packets are read to, shared with other channels.</param>
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

        // With MSG_TRUNC the result is the packet's own length, also where the buffer is shorter.
        int length = Pull(incoming, MaxFrameSize, LibC.MSG_TRUNC, out ReadStatus status, out error);
        if (length == 0)
            return status;
        if (length > MaxFrameSize)
        {
            fault = $"a frame of {length} bytes came in; {MaxFrameSize} were agreed";
            return ReadStatus.Violation;
        }

        frame = new Span<byte>(incoming, length);
        return ReadStatus.Frame;
    }
}
