using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Ip;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// Native memory for datagrams on their way in, as an array for recvmmsg(2). What was received is walked with
/// <see cref="TryTake"/>; a walk that a throwing sink broke off goes on where it stopped.
/// </summary>
internal sealed unsafe class DatagramReceiveBatch : IDisposable
{
    /// <summary>Datagrams per system call.</summary>
    public const int Capacity = 64;

    private const int AddressOffset = ControlMessages.Capacity;
    private const int VectorOffset = AddressOffset + IpAddresses.Capacity;
    private const int FrameOffset = 128;

    private const int LongestRun = 65_536;

    // Frames of different slots shall not meet in the same lines of a cache.
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

    /// <param name="frameSize">The longest frame.</param>
    /// <param name="joinsRuns">The kernel may hand several datagrams over as one (UDP_GRO).</param>
    public DatagramReceiveBatch(int frameSize, bool joinsRuns = false)
    {
        _frameSize = frameSize;
        _joinsRuns = joinsRuns;
        int room = joinsRuns ? LongestRun : frameSize;
        _stride = joinsRuns ? LongestRun + SlotShift : FrameOffset + ((frameSize + 63) & ~63);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(_stride * Capacity), 64);
        _messages = (LibC.BatchedMessage*)
            NativeMemory.AlignedAlloc((nuint)(sizeof(LibC.BatchedMessage) * Capacity), 64);
        for (int i = 0; i < Capacity; i++)
        {
            byte* memory = _memory + (i * _stride);
            LibC.IoVector* vector = (LibC.IoVector*)(memory + VectorOffset);
            *vector = new LibC.IoVector { Base = memory + FrameOffset, Length = (nuint)room };
            _messages[i] = new LibC.BatchedMessage
            {
                Header = new LibC.MessageHeader
                {
                    Name = memory + AddressOffset,
                    Vectors = vector,
                    VectorCount = 1,
                    Control = memory,
                },
            };
            Reset(ref _messages[i]);
        }
    }

    /// <summary>Runs of several datagrams that came as one.</summary>
    public long RunsReceived { get; private set; }

    /// <summary>Received datagrams that were not taken yet.</summary>
    public bool HasMore => _next < _count;

    /// <summary>
    /// One recvmmsg(2), or recvmsg(2) for one, which is a little cheaper; when everything received before has been taken.
    /// </summary>
    /// <returns>The number received; -1 with errno.</returns>
    public int Receive(Descriptor socket, int limit)
    {
        for (int i = 0; i < _count; i++)
            Reset(ref _messages[i]); // the kernel wrote lengths there
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
                (int)Math.Min(message->Header.NameLength, IpAddresses.Capacity)
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

    // The last part may be shorter. A length that makes no sense is the kernel's word for one datagram.
    private int PartOf(LibC.BatchedMessage* message, int total)
    {
        if (!_joinsRuns)
            return total;
        int part = ControlMessages.PartLength(
            new ReadOnlySpan<byte>(message->Header.Control, (int)message->Header.ControlLength)
        );
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
        message.Header.NameLength = IpAddresses.Capacity;
        message.Header.ControlLength = ControlMessages.Capacity;
        message.Header.Flags = 0;
    }

    /// <summary>One received datagram.</summary>
    public readonly ref struct Datagram
    {
        public Span<byte> Frame { get; init; }

        /// <summary>It was longer than a frame may be; the rest is lost.</summary>
        public bool IsTruncated { get; init; }

        /// <summary>The sender's socket address.</summary>
        public ReadOnlySpan<byte> Source { get; init; }

        /// <summary>Control messages as received.</summary>
        public ReadOnlySpan<byte> Control { get; init; }
    }
}
