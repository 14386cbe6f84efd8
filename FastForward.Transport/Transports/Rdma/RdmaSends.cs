using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// The send side of a queue pair: a ring of registered memory that frames are written into, and the work requests that
/// send them. Requests are staged and posted together; one of <see cref="RdmaSizes.SignalInterval"/> asks for a
/// completion, which frees everything up to it, since sends complete in order.
/// </summary>
/// <remarks>
/// Each request has one entry, also when it is sent inline: some devices send only the first one. Positions in the ring
/// grow without end, and are taken modulo its length.
/// </remarks>
internal sealed unsafe class RdmaSends : IDisposable
{
    // Before a frame, so that it begins at a multiple of 16; the prefix is the last 4 of them.
    private const int Lead = 16;

    private readonly byte* _ring;
    private readonly uint _length;
    private readonly ulong _owner;
    private readonly uint _localKey;
    private readonly int _depth;
    private readonly uint _mask;
    private readonly ulong[] _ends;
    private readonly IbVerbs.SendRequest* _requests;
    private readonly IbVerbs.ScatterGatherEntry* _entries;

    private ulong _head;
    private ulong _tail;
    private ulong _claim;
    private ulong _signalledEnd;
    private uint _next; // the number of the next request
    private uint _posted; // those before it are posted
    private uint _done; // those before it have completed
    private uint _signalled; // those before it are covered by a signalled one

    /// <param name="ring">Registered memory.</param>
    /// <param name="length">Its length.</param>
    /// <param name="localKey">The key of the registration.</param>
    /// <param name="depth">The requests that the queue pair takes.</param>
    /// <param name="owner">The upper bits of the ids of the requests.</param>
    public RdmaSends(byte* ring, int length, uint localKey, int depth, ulong owner)
    {
        _ring = ring;
        _length = (uint)length;
        _owner = owner;
        _localKey = localKey;
        _depth = depth;
        uint room = BitOperations.RoundUpToPowerOf2((uint)depth);
        _mask = room - 1;
        _ends = new ulong[room];
        _requests = (IbVerbs.SendRequest*)NativeMemory.AllocZeroed(room, (nuint)sizeof(IbVerbs.SendRequest));
        _entries = (IbVerbs.ScatterGatherEntry*)
            NativeMemory.AllocZeroed(room, (nuint)sizeof(IbVerbs.ScatterGatherEntry));
    }

    /// <summary>The most bytes, prefix included, that a request can carry itself.</summary>
    public uint InlineBytes { get; set; }

    public bool HasStaged => _next != _posted;

    /// <summary>Posted requests whose completion has not been seen.</summary>
    public uint Outstanding => _posted - _done;

    /// <summary>Posted requests that no later completion will cover.</summary>
    public bool HasUnsignalledTail => _posted != _signalled;

    /// <summary>Finds memory for a frame.</summary>
    /// <param name="length">The bytes of the frame, 0 for a notice.</param>
    /// <param name="keep">Requests that must stay free.</param>
    public bool TryClaim(int length, int keep)
    {
        if (_next - _done >= (uint)(_depth - keep))
            return false;
        uint need = Need(length);
        if (_head == _tail)
            _head = _tail = _signalledEnd = (_head + _length - 1) / _length * _length; // empty: from its begin
        uint offset = (uint)(_head % _length);
        ulong start = offset + need > _length ? _head + _length - offset : _head;
        if (start + need - _tail > _length)
            return false;
        _claim = start;
        return true;
    }

    /// <summary>The memory that was found, for a frame of so many bytes.</summary>
    public Span<byte> Claimed(int length) => new(_ring + (_claim % _length) + Lead, length);

    /// <summary>Stages the frame in the claimed memory.</summary>
    /// <param name="length">The bytes of the frame, 0 for a notice.</param>
    /// <param name="signal">It must ask for a completion.</param>
    public void Stage(int length, bool signal)
    {
        uint number = _next++;
        uint index = number & _mask;
        _head = _claim + Need(length);
        _ends[index] = _head;
        signal |= _next - _signalled >= RdmaSizes.SignalInterval || _head - _signalledEnd >= _length / 4;
        if (signal)
        {
            _signalled = _next;
            _signalledEnd = _head;
        }

        uint bytes = (uint)(RdmaSizes.PrefixLength + length);
        _entries[index] = new IbVerbs.ScatterGatherEntry
        {
            Address = (ulong)(_ring + (_claim % _length) + Lead - RdmaSizes.PrefixLength),
            Length = bytes,
            LocalKey = _localKey,
        };
        _requests[index] = new IbVerbs.SendRequest
        {
            Id = _owner | RdmaWorkId.Send | (ushort)number,
            Entries = _entries + index,
            EntryCount = 1,
            Operation = IbVerbs.IBV_WR_SEND,
            Flags = (signal ? IbVerbs.IBV_SEND_SIGNALED : 0) | (bytes <= InlineBytes ? IbVerbs.IBV_SEND_INLINE : 0),
        };
        if (number != _posted)
            _requests[(number - 1) & _mask].Next = _requests + index;
    }

    /// <summary>Posts what is staged, with one call.</summary>
    /// <param name="queuePair">The queue pair.</param>
    /// <param name="prefix">What to write before each frame.</param>
    /// <param name="count">The requests that were staged.</param>
    /// <returns>0, or errno.</returns>
    public int Post(IbVerbs.QueuePair* queuePair, uint prefix, out int count)
    {
        count = (int)(_next - _posted);
        for (uint number = _posted; number != _next; number++)
        {
            void* start = (void*)_entries[number & _mask].Address;
            BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(start, RdmaSizes.PrefixLength), prefix);
        }

        IbVerbs.SendRequest* first = _requests + (_posted & _mask);
        _posted = _next;
        return IbVerbs.PostSend(queuePair, first);
    }

    /// <summary>A request and all before it have completed.</summary>
    /// <param name="number">The lower bits of its number.</param>
    public void Completed(ushort number)
    {
        uint completed = _done + (ushort)(number - (ushort)_done);
        if (completed - _done >= _posted - _done)
            return; // not one of ours
        _done = completed + 1;
        _tail = _ends[completed & _mask];
    }

    public void Dispose()
    {
        NativeMemory.Free(_requests);
        NativeMemory.Free(_entries);
    }

    private static uint Need(int length) => (uint)(Lead + ((length + Lead - 1) & ~(Lead - 1)));
}
