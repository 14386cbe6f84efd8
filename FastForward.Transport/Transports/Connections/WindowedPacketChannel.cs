using System.Buffers.Binary;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// A packet per frame on AF_VSOCK, with a window. That family's kernel code, in a non-blocking send for which there is
/// some room but too little, sends the part that fits and answers EAGAIN as if it had sent nothing: the next packet would
/// then arrive with that part before it. So a packet is sent only when it is known to fit whole.
/// </summary>
/// <remarks>
/// Each packet begins with a little-endian 32-bit word: how many bytes its sender has read from the connection, words
/// included, modulo 2^32. A packet of nothing else is a notice. A sender has at most <see cref="Window"/> bytes unread at
/// the far end, and keeps <see cref="Reserve"/> of them for notices, of which no more than four can be unread at a time:
/// each stands for a quarter of a window that the far end has sent meanwhile.
/// </remarks>
/// <param name="socket">A seqpacket socket whose receive buffer holds <see cref="Window"/> bytes.</param>
/// <param name="incoming">Where packets are read to, shared with other channels, <see cref="FrameChannel.PrefixLength"/> longer than a frame.</param>
internal sealed unsafe class WindowedPacketChannel(Descriptor socket, byte* incoming)
    : FrameChannel(socket, LibC.SOCK_SEQPACKET)
{
    /// <summary>VSOCK_DEFAULT_BUFFER_SIZE of the kernel (net/vmw_vsock/af_vsock.c), which is also its default maximum.</summary>
    public const int Window = 256 * 1024;

    /// <summary>Bytes of the window that only notices use.</summary>
    public const int Reserve = 64;

    private uint _sent;
    private uint _readThere;
    private uint _readHere;
    private uint _told;

    public override bool MayContinue => Fits(Pending);

    private uint Unread => _sent - _readThere;

    public override void Greet(ReadOnlySpan<byte> packet)
    {
        byte* start = stackalloc byte[PrefixLength + OpeningPacket.Length];
        packet.CopyTo(new Span<byte>(start + PrefixLength, OpeningPacket.Length));
        SendPacket(start, packet.Length, out _);
    }

    public override SendStatus Continue(out int error)
    {
        error = 0;
        if (!Fits(Pending))
            return SendStatus.WaitsForPeer;
        SendStatus status = SendPacket(Outgoing - PrefixLength, Pending, out error);
        if (status == SendStatus.Sent)
            Pending = 0;
        return status;
    }

    public override ReadStatus Read(out Span<byte> frame, out int error, out string? fault)
    {
        frame = default;
        fault = null;
        int length = Pull(incoming, PrefixLength + MaxFrameSize, LibC.MSG_TRUNC, out ReadStatus status, out error);
        if (length == 0)
            return status;
        if (length < PrefixLength || length > PrefixLength + MaxFrameSize)
        {
            fault = $"a packet of {length} bytes came in; {PrefixLength} to {PrefixLength + MaxFrameSize} were agreed";
            return ReadStatus.Violation;
        }

        uint read = BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(incoming, PrefixLength));
        if (read - _readThere > Unread)
        {
            fault = "the far end says it has read more than was sent";
            return ReadStatus.Violation;
        }

        _readThere = read;
        _readHere += (uint)length;
        if (length == PrefixLength)
            return ReadStatus.Notice;
        frame = new Span<byte>(incoming + PrefixLength, length - PrefixLength);
        return ReadStatus.Frame;
    }

    public override void Settle()
    {
        if (_readHere - _told < Window / 4 || Unread > Window - PrefixLength)
            return;
        byte* notice = stackalloc byte[PrefixLength];
        SendPacket(notice, 0, out _); // should it fail, the next read or send meets the reason
    }

    private bool Fits(int length) => Unread + PrefixLength + (uint)length <= Window - Reserve;

    private SendStatus SendPacket(byte* start, int length, out int error)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(start, PrefixLength), _readHere);
        SendStatus status = Push(start, PrefixLength + length, out _, out error);

        // There was room by the far end's word, and part of the packet may have left: nothing more can follow it.
        if (status == SendStatus.WaitsForSocket)
            return SendStatus.Failed;
        if (status != SendStatus.Sent)
            return status;
        _sent += (uint)(PrefixLength + length);
        _told = _readHere;
        return status;
    }
}
