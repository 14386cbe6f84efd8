using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// Native memory for received datagrams, as an array for recvmmsg(2). They are taken one by one with
/// <see cref="TryTake"/>; what is left when a sink throws can be taken later.
/// </summary>
internal sealed unsafe class DatagramReceiveBatch : IDisposable
{
    /// <summary>Datagrams per system call.</summary>
    public const int Capacity = 64;

    private const int LongestRun = 65_536;

    // Slots must not be a multiple of 64 KiB apart: their frames would compete for the same cache sets.
    private const int SlotShift = 2048;

    private readonly int _frameSize;
    private readonly bool _joinsRuns;
    private readonly int _stride;
    private byte* _memory;
    private LibC.BatchedMessage* _messages;
    private int _count;
    private int _next;
    private int _part;
    private int _offset;

    /// <param name="frameSize">The longest frame, in bytes.</param>
    /// <param name="joinsRuns">The kernel may deliver several datagrams as one (UDP_GRO, udp(7)).</param>
    public DatagramReceiveBatch(int frameSize, bool joinsRuns = false)
    {
        _frameSize = frameSize;
        _joinsRuns = joinsRuns;
        int room = joinsRuns ? LongestRun : frameSize;
        _stride = joinsRuns ? LongestRun + SlotShift : DatagramSlot.Stride(frameSize);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(_stride * Capacity), 64);
        _messages = (LibC.BatchedMessage*)
            NativeMemory.AlignedAlloc((nuint)(sizeof(LibC.BatchedMessage) * Capacity), 64);
        for (int i = 0; i < Capacity; i++)
        {
            byte* memory = _memory + (i * _stride);
            LibC.IoVector* vector = (LibC.IoVector*)(memory + DatagramSlot.VectorOffset);
            *vector = new LibC.IoVector { Base = memory + DatagramSlot.FrameOffset, Length = (nuint)room };
            _messages[i] = new LibC.BatchedMessage
            {
                Header = new LibC.MessageHeader
                {
                    Name = memory + DatagramSlot.AddressOffset,
                    Vectors = vector,
                    VectorCount = 1,
                    Control = memory,
                },
            };
            Reset(ref _messages[i]);
        }
    }

    /// <summary>Runs of several datagrams that were received as one.</summary>
    public long RunsReceived { get; private set; }

    /// <summary>There are received datagrams that have not been taken.</summary>
    public bool HasMore => _next < _count;

    /// <summary>
    /// Receives with one recvmmsg(2), or with recvmsg(2), which is slightly cheaper, when the limit is 1. Everything
    /// received before must have been taken.
    /// </summary>
    /// <returns>The number received; -1 with errno.</returns>
    public int Receive(Descriptor socket, int limit)
    {
        for (int i = 0; i < _count; i++)
            Reset(ref _messages[i]); // the kernel has overwritten the lengths
        _next = _count = _offset = 0;
        int received =
            limit == 1
                ? ReceiveOne(socket)
                : LibC.ReceiveMessages(socket, _messages, (uint)Math.Min(limit, Capacity), LibC.MSG_DONTWAIT);
        if (received > 0)
            _count = received;
        return received;
    }

    /// <summary>The next datagram. Its memory is valid until the next <see cref="Receive"/>.</summary>
    public bool TryTake(out Datagram datagram)
    {
        if (_next >= _count)
        {
            datagram = default;
            return false;
        }

        LibC.BatchedMessage* message = _messages + _next;
        int total = (int)message->Length;
        if (_offset == 0)
            _part = PartOf(message, total);
        int length = Math.Min(_part, total - _offset);
        byte* frame = (byte*)message->Header.Vectors->Base + _offset;
        _offset += length;
        if (_offset == total)
        {
            _next++;
            _offset = 0;
        }

        datagram = new Datagram
        {
            Frame = new Span<byte>(frame, length),
            IsTruncated = length > _frameSize || (message->Header.Flags & LibC.MSG_TRUNC) != 0,
            Source = new ReadOnlySpan<byte>(
                message->Header.Name,
                (int)Math.Min(message->Header.NameLength, DatagramSlot.AddressCapacity)
            ),
            Control = new ReadOnlySpan<byte>(message->Header.Control, (int)message->Header.ControlLength),
        };
        return true;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        NativeMemory.AlignedFree(_messages);
        _memory = null;
        _messages = null;
        _next = _count = 0;
    }

    // The length of the datagrams that were joined; the last one may be shorter. Without a message, or with a length
    // that is not below the total, it is a single datagram.
    private int PartOf(LibC.BatchedMessage* message, int total)
    {
        if (!_joinsRuns)
            return total;
        ReadOnlySpan<byte> size = ControlMessage.Find(
            new ReadOnlySpan<byte>(message->Header.Control, (int)message->Header.ControlLength),
            LibC.SOL_UDP,
            LibC.UDP_GRO,
            sizeof(int)
        );
        int part = size.IsEmpty ? 0 : MemoryMarshal.Read<int>(size);
        if (part <= 0 || part >= total)
            return total;
        RunsReceived++;
        return part;
    }

    private int ReceiveOne(Descriptor socket)
    {
        nint length = LibC.ReceiveMessage(socket, &_messages->Header, LibC.MSG_DONTWAIT);
        if (length < 0)
            return -1;
        _messages->Length = (uint)length;
        return 1;
    }

    private static void Reset(ref LibC.BatchedMessage message)
    {
        message.Header.NameLength = DatagramSlot.AddressCapacity;
        message.Header.ControlLength = DatagramSlot.ControlCapacity;
        message.Header.Flags = 0;
    }

    /// <summary>One received datagram.</summary>
    public readonly ref struct Datagram
    {
        public Span<byte> Frame { get; init; }

        /// <summary>It is longer than the longest frame, and may have been cut.</summary>
        public bool IsTruncated { get; init; }

        /// <summary>The sender's raw socket address.</summary>
        public ReadOnlySpan<byte> Source { get; init; }

        /// <summary>Control messages as received.</summary>
        public ReadOnlySpan<byte> Control { get; init; }
    }
}
