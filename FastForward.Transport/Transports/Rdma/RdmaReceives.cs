using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// The receive side of a queue pair: a slot of registered memory and a work request for each message that may arrive.
/// Requests of handled messages are collected and posted together.
/// </summary>
internal sealed unsafe class RdmaReceives : IDisposable
{
    private readonly byte* _slots;
    private readonly RdmaSizes _sizes;
    private readonly IbVerbs.ReceiveRequest* _requests;
    private readonly IbVerbs.ScatterGatherEntry* _entries;
    private IbVerbs.ReceiveRequest* _first;
    private IbVerbs.ReceiveRequest* _last;
    private int _waiting;

    /// <param name="slots">Registered memory.</param>
    /// <param name="sizes">Its division.</param>
    /// <param name="localKey">The key of the registration.</param>
    /// <param name="owner">The upper bits of the ids of the requests.</param>
    public RdmaReceives(byte* slots, RdmaSizes sizes, uint localKey, ulong owner)
    {
        _slots = slots;
        _sizes = sizes;
        nuint count = (nuint)sizes.ReceiveDepth;
        _requests = (IbVerbs.ReceiveRequest*)NativeMemory.AllocZeroed(count, (nuint)sizeof(IbVerbs.ReceiveRequest));
        _entries = (IbVerbs.ScatterGatherEntry*)
            NativeMemory.AllocZeroed(count, (nuint)sizeof(IbVerbs.ScatterGatherEntry));
        for (int slot = 0; slot < sizes.ReceiveDepth; slot++)
        {
            _entries[slot] = new IbVerbs.ScatterGatherEntry
            {
                Address = (ulong)(Begin(slot) - RdmaSizes.PrefixLength),
                Length = (uint)(RdmaSizes.PrefixLength + sizes.MaxFrameSize),
                LocalKey = localKey,
            };
            _requests[slot] = new IbVerbs.ReceiveRequest
            {
                Id = owner | (uint)slot,
                Entries = _entries + slot,
                EntryCount = 1,
            };
            Return(slot);
        }
    }

    /// <summary>Requests whose completion has not been seen.</summary>
    public int Outstanding { get; private set; }

    public bool HasWaiting => _waiting > 0;

    /// <summary>The message in a slot.</summary>
    public Span<byte> Message(int slot, uint length) => new(Begin(slot) - RdmaSizes.PrefixLength, (int)length);

    /// <summary>A request has completed.</summary>
    /// <returns>False when there is no such slot.</returns>
    public bool Completed(int slot)
    {
        if (slot >= _sizes.ReceiveDepth || Outstanding == 0)
            return false;
        Outstanding--;
        return true;
    }

    /// <summary>The message in a slot has been handled: the next <see cref="Post"/> posts its request again.</summary>
    public void Return(int slot)
    {
        IbVerbs.ReceiveRequest* request = _requests + slot;
        request->Next = null;
        if (_waiting++ == 0)
            _first = request;
        else
            _last->Next = request;
        _last = request;
    }

    /// <summary>Posts what has been handled, with one call.</summary>
    /// <returns>0, or errno.</returns>
    public int Post(IbVerbs.QueuePair* queuePair)
    {
        if (_waiting == 0)
            return 0;
        Outstanding += _waiting;
        _waiting = 0;
        return IbVerbs.PostReceive(queuePair, _first);
    }

    public void Dispose()
    {
        NativeMemory.Free(_requests);
        NativeMemory.Free(_entries);
    }

    private byte* Begin(int slot) => _slots + ((nint)slot * _sizes.Stride) + RdmaSizes.Head;
}
