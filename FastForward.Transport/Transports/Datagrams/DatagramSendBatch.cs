using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Ip;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// Native memory for datagrams on their way out: a fixed number of slots, each with room for a frame, its destination and
/// its control messages, and the staged ones in the order of their commits as an array for sendmmsg(2). A slot carries
/// its own copy of the destination, so it outlives the link that staged it.
/// </summary>
internal sealed unsafe class DatagramSendBatch : IDisposable
{
    /// <summary>Frames that may be claimed and staged at once.</summary>
    public const int Slots = 256;

    private const int LargestBatch = 64;
    private const int AddressOffset = ControlMessages.Capacity;
    private const int VectorOffset = AddressOffset + IpAddresses.Capacity;
    private const int FrameOffset = 128;

    private readonly int _stride;
    private readonly int[] _free = new int[Slots];
    private readonly int[] _stagedSlot = new int[Slots];
    private byte* _memory;
    private LibC.BatchedMessage* _staged;
    private int _freeCount = Slots;
    private int _first;
    private int _end;
    private DatagramRuns? _runs;

    /// <param name="frameSize">The longest frame.</param>
    /// <param name="cutsRuns">The socket's kernel cuts runs of datagrams apart.</param>
    public DatagramSendBatch(int frameSize, bool cutsRuns = false)
    {
        if (cutsRuns)
            _runs = new DatagramRuns();
        _stride = FrameOffset + ((frameSize + 63) & ~63);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(_stride * Slots), 64);
        _staged = (LibC.BatchedMessage*)NativeMemory.AlignedAlloc((nuint)(sizeof(LibC.BatchedMessage) * Slots), 64);
        for (int i = 0; i < Slots; i++)
            _free[i] = Slots - 1 - i;
    }

    public bool HasFree => _freeCount > 0;

    public int Staged => _end - _first;

    /// <summary>Takes a slot; -1 when none is free.</summary>
    public int Claim() => _freeCount == 0 ? -1 : _free[--_freeCount];

    public Span<byte> Frame(int slot, int length) => new(Memory(slot) + FrameOffset, length);

    public void GiveBack(int slot) => _free[_freeCount++] = slot;

    /// <summary>Puts the slot's frame at the end of the line.</summary>
    public void Stage(int slot, int length, ReadOnlySpan<byte> address, ReadOnlySpan<byte> control, bool expedited)
    {
        byte* memory = Memory(slot);
        address.CopyTo(new Span<byte>(memory + AddressOffset, IpAddresses.Capacity));
        control.CopyTo(new Span<byte>(memory, ControlMessages.Capacity));
        int controlLength = control.Length;
        if (expedited)
            controlLength += ControlMessages.WriteExpedited(
                memory + controlLength,
                IpAddresses.FamilyOf(address) == LibC.AF_INET6
            );

        LibC.IoVector* vector = (LibC.IoVector*)(memory + VectorOffset);
        *vector = new LibC.IoVector { Base = memory + FrameOffset, Length = (nuint)length };
        if (_end == Slots)
            Compact();
        _stagedSlot[_end] = slot;
        _staged[_end++] = new LibC.BatchedMessage
        {
            Header = new LibC.MessageHeader
            {
                Name = memory + AddressOffset,
                NameLength = (uint)address.Length,
                Vectors = vector,
                VectorCount = 1,
                Control = controlLength == 0 ? null : memory,
                ControlLength = (nuint)controlLength,
            },
        };
    }

    /// <summary>Runs of several datagrams that the kernel took as one.</summary>
    public long RunsSent => _runs?.Sent ?? 0;

    /// <summary>One sendmmsg(2) of what is staged; for one frame the cheaper calls that do the same.</summary>
    /// <returns>The number of frames that the kernel took; -1 with errno when it refused the first.</returns>
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

    /// <summary>Frees the slots of the first <paramref name="count"/> staged frames: sent, or given up.</summary>
    /// <returns>Their payload bytes.</returns>
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
