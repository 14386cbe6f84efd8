using System.Buffers.Binary;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// One packet per frame, with a window, for sockets whose kernel code splits packets (AF_VSOCK). When a non-blocking
/// send finds some room but too little, that code sends the part that fits and returns EAGAIN as if it had sent
/// nothing; the next packet would arrive with that part in front. So a packet is sent only when it is known to fit.
/// </summary>
/// <remarks>
/// Each packet begins with a little-endian 32-bit word: the number of bytes, words included, that its sender has read
/// from the connection, modulo 2^32. A packet without a frame is a notice. At most <see cref="Window"/> bytes of a
/// sender may be unread by the peer; <see cref="Reserve"/> of them are for notices. At most four notices can be unread,
/// because one is sent per quarter of a window received.
/// </remarks>
/// <param name="socket">A seqpacket socket whose receive buffer holds <see cref="Window"/> bytes.</param>
/// <param name="incoming">
/// The buffer that packets are read into, shared with other channels, <see cref="FrameChannel.PrefixLength"/> bytes
/// longer than the longest frame.
/// </param>
internal sealed unsafe class WindowedPacketChannel(Descriptor socket, byte* incoming)
    : FrameChannel(socket, LibC.SOCK_SEQPACKET)
{
    /// <summary>
    /// VSOCK_DEFAULT_BUFFER_SIZE of the kernel (net/vmw_vsock/af_vsock.c), which is also its default maximum.
    /// </summary>
    public const int Window = 256 * 1024;

    /// <summary>Bytes of the window that only notices use.</summary>
    public const int Reserve = 64;

    private uint _sent;
    private uint _readByPeer;
    private uint _read;
    private uint _reported;

    public override bool MayContinue => Fits(Pending);

    private uint Unread => _sent - _readByPeer;

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
            fault =
                $"received a packet of {length} bytes; "
                + $"{PrefixLength} to {PrefixLength + MaxFrameSize} were agreed";
            return ReadStatus.Violation;
        }

        uint read = BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(incoming, PrefixLength));
        if (read - _readByPeer > Unread)
        {
            fault = "the peer claims to have read more than was sent";
            return ReadStatus.Violation;
        }

        _readByPeer = read;
        _read += (uint)length;
        if (length == PrefixLength)
            return ReadStatus.Notice;
        frame = new Span<byte>(incoming + PrefixLength, length - PrefixLength);
        return ReadStatus.Frame;
    }

    public override void SendNotice()
    {
        if (_read - _reported < Window / 4 || Unread > Window - PrefixLength)
            return;
        byte* notice = stackalloc byte[PrefixLength];
        SendPacket(notice, 0, out _); // on failure, the next read or send returns the error
    }

    private bool Fits(int length) => Unread + PrefixLength + (uint)length <= Window - Reserve;

    private SendStatus SendPacket(byte* start, int length, out int error)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(start, PrefixLength), _read);
        SendStatus status = Push(start, PrefixLength + length, out _, out error);

        // By the peer's count there was room, and part of the packet may have been sent: the connection is unusable.
        if (status == SendStatus.WaitsForSocket)
            return SendStatus.Failed;
        if (status != SendStatus.Sent)
            return status;
        _sent += (uint)(PrefixLength + length);
        _reported = _read;
        return status;
    }
}
