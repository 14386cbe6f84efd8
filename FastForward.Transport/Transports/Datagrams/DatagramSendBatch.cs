using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// Native memory for datagrams to be sent: a fixed number of slots, each with room for a frame, its destination and its
/// control messages, and an array for sendmmsg(2) of the staged ones in the order of their commits. A slot has its own
/// copy of the destination, so it outlives the link that staged it.
/// </summary>
internal sealed unsafe class DatagramSendBatch : IDisposable
{
    /// <summary>Frames that may be claimed and staged at once.</summary>
    public const int Slots = 256;

    private const int LargestBatch = 64;

    private readonly int _stride;
    private readonly int[] _free = new int[Slots];
    private readonly int[] _stagedSlot = new int[Slots];
    private byte* _memory;
    private LibC.BatchedMessage* _staged;
    private int _freeCount = Slots;
    private int _first;
    private int _end;
    private DatagramRuns? _runs;

    /// <param name="frameSize">The longest frame, in bytes.</param>
    /// <param name="cutsRuns">The kernel cuts runs of datagrams apart (<see cref="DatagramRuns"/>).</param>
    public DatagramSendBatch(int frameSize, bool cutsRuns = false)
    {
        if (cutsRuns)
            _runs = new DatagramRuns();
        _stride = DatagramSlot.Stride(frameSize);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(_stride * Slots), 64);
        _staged = (LibC.BatchedMessage*)NativeMemory.AlignedAlloc((nuint)(sizeof(LibC.BatchedMessage) * Slots), 64);
        for (int i = 0; i < Slots; i++)
            _free[i] = Slots - 1 - i;
    }

    public bool HasFree => _freeCount > 0;

    public int Staged => _end - _first;

    /// <summary>Takes a slot; -1 when none is free.</summary>
    public int Claim() => _freeCount == 0 ? -1 : _free[--_freeCount];

    public Span<byte> Frame(int slot, int length) => new(Memory(slot) + DatagramSlot.FrameOffset, length);

    public void GiveBack(int slot) => _free[_freeCount++] = slot;

    /// <summary>Appends the slot's frame to the staged ones.</summary>
    /// <param name="slot">A claimed slot.</param>
    /// <param name="length">The frame's length in bytes.</param>
    /// <param name="address">The raw socket address of the destination; copied.</param>
    /// <param name="control">Control messages; may be empty; copied.</param>
    public void Stage(int slot, int length, ReadOnlySpan<byte> address, ReadOnlySpan<byte> control)
    {
        byte* memory = Memory(slot);
        address.CopyTo(new Span<byte>(memory + DatagramSlot.AddressOffset, DatagramSlot.AddressCapacity));
        control.CopyTo(new Span<byte>(memory, DatagramSlot.ControlCapacity));
        LibC.IoVector* vector = (LibC.IoVector*)(memory + DatagramSlot.VectorOffset);
        *vector = new LibC.IoVector { Base = memory + DatagramSlot.FrameOffset, Length = (nuint)length };
        if (_end == Slots)
            Compact();
        _stagedSlot[_end] = slot;
        _staged[_end++] = new LibC.BatchedMessage
        {
            Header = new LibC.MessageHeader
            {
                Name = memory + DatagramSlot.AddressOffset,
                NameLength = (uint)address.Length,
                Vectors = vector,
                VectorCount = 1,
                Control = control.IsEmpty ? null : memory,
                ControlLength = (nuint)control.Length,
            },
        };
    }

    /// <summary>Runs of several datagrams that the kernel took as one.</summary>
    public long RunsSent => _runs?.Sent ?? 0;

    /// <summary>Sends what is staged with one sendmmsg(2), or a cheaper call for a single frame.</summary>
    /// <returns>The number of frames that the kernel took; -1 with errno when it refused the first one.</returns>
    public int Send(Descriptor socket)
    {
        const int Flags = LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL;
        LibC.BatchedMessage* first = _staged + _first;
        if (Staged > 1 && _runs is { } runs)
            return runs.Send(socket, first, Staged, Flags);
        if (Staged > 1)
            return LibC.SendMessages(socket, first, (uint)Math.Min(Staged, LargestBatch), Flags);
        ref LibC.MessageHeader header = ref first->Header;
        nint sent =
            header.Control == null
                ? LibC.SendTo(
                    socket,
                    header.Vectors->Base,
                    header.Vectors->Length,
                    Flags,
                    header.Name,
                    header.NameLength
                )
                : LibC.SendMessage(socket, &first->Header, Flags);
        return sent < 0 ? -1 : 1;
    }

    /// <summary>Frees the slots of the first <paramref name="count"/> staged frames, sent or dropped.</summary>
    /// <returns>The bytes of these frames.</returns>
    public long Release(int count)
    {
        long bytes = 0;
        for (int i = 0; i < count; i++)
        {
            bytes += (long)_staged[_first].Header.Vectors->Length;
            GiveBack(_stagedSlot[_first++]);
        }

        if (_first == _end)
            _first = _end = 0;
        return bytes;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        NativeMemory.AlignedFree(_staged);
        _runs?.Dispose();
        _runs = null;
        _memory = null;
        _staged = null;
        _first = _end = _freeCount = 0;
    }

    private byte* Memory(int slot) => _memory + ((nint)slot * _stride);

    private void Compact()
    {
        int count = Staged;
        Buffer.MemoryCopy(
            _staged + _first,
            _staged,
            sizeof(LibC.BatchedMessage) * Slots,
            sizeof(LibC.BatchedMessage) * count
        );
        Array.Copy(_stagedSlot, _first, _stagedSlot, 0, count);
        _first = 0;
        _end = count;
    }
}
