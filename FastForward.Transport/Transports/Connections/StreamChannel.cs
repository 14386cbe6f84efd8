using System.Buffers.Binary;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// Frames on a stream, each preceded by its length, 1 to the agreed size, as a little-endian 32-bit word. A read may
/// return many frames; a write continues where the kernel stopped.
/// </summary>
internal sealed unsafe class StreamChannel : FrameChannel
{
    /// <summary>The size of the receive buffer: longer than any frame with its length.</summary>
    public const int Room = 128 * 1024;

    private byte* _incoming = (byte*)NativeMemory.AlignedAlloc(Room, 64);
    private int _start;
    private int _end;
    private int _written;

    /// <param name="socket">A stream socket.</param>
    public StreamChannel(Descriptor socket)
        : base(socket, LibC.SOCK_STREAM) { }

    public override bool HasBuffered =>
        _end - _start >= PrefixLength && (NextLength > MaxFrameSize || NextLength <= _end - _start - PrefixLength);

    // Valid only when the whole prefix has been read. Lengths above int.MaxValue are too long anyway.
    private int NextLength =>
        (int)
            Math.Min(
                BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(_incoming + _start, PrefixLength)),
                int.MaxValue
            );

    public override void Greet(ReadOnlySpan<byte> packet)
    {
        byte* start = stackalloc byte[PrefixLength + OpeningPacket.Length];
        BinaryPrimitives.WriteInt32LittleEndian(new Span<byte>(start, PrefixLength), packet.Length);
        packet.CopyTo(new Span<byte>(start + PrefixLength, OpeningPacket.Length));
        Push(start, PrefixLength + packet.Length, out _, out _); // a new connection has room for it
    }

    public override SendStatus Continue(out int error)
    {
        byte* start = Outgoing - PrefixLength;
        if (_written == 0)
            BinaryPrimitives.WriteInt32LittleEndian(new Span<byte>(start, PrefixLength), Pending);
        int length = PrefixLength + Pending;
        while (true)
        {
            SendStatus status = Push(start + _written, length - _written, out int sent, out error);
            if (status != SendStatus.Sent)
                return status;
            _written += sent;
            if (_written < length)
                continue;
            _written = 0;
            Pending = 0;
            return SendStatus.Sent;
        }
    }

    public override ReadStatus Read(out Span<byte> frame, out int error, out string? fault)
    {
        frame = default;
        fault = null;
        error = 0;
        if (!HasBuffered)
        {
            MakeRoom();
            int length = Pull(_incoming + _end, Room - _end, 0, out ReadStatus status, out error);
            if (length == 0)
                return status;
            _end += length;
            if (!HasBuffered)
                return ReadStatus.Nothing;
        }

        int next = NextLength;
        if (next == 0 || next > MaxFrameSize)
        {
            fault = $"the peer announced a frame of {next} bytes; 1 to {MaxFrameSize} were agreed";
            return ReadStatus.Violation;
        }

        frame = new Span<byte>(_incoming + _start + PrefixLength, next);
        _start += PrefixLength + next;
        return ReadStatus.Frame;
    }

    public override void Dispose()
    {
        base.Dispose();
        NativeMemory.AlignedFree(_incoming);
        _incoming = null;
    }

    // Moves an incomplete frame to the front of the buffer when the rest might not fit behind it.
    private void MakeRoom()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (Room - _start < PrefixLength + MaxFrameSize)
        {
            Buffer.MemoryCopy(_incoming + _start, _incoming, Room, _end - _start);
            _end -= _start;
            _start = 0;
        }
    }
}
