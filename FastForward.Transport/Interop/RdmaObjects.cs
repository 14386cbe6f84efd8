using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>The events of connections: a descriptor that does not block, and what it shows.</summary>
internal sealed unsafe class RdmaEventChannel : NativeObject
{
    /// <summary>Creates a channel; invalid, with errno in <see cref="LibC.LastError"/>, when there is none.</summary>
    public RdmaEventChannel()
        : base(RdmaCm.CreateChannel()) { }

    public int Descriptor => ((RdmaCm.ChannelView*)handle)->Descriptor;

    protected override int Destroy()
    {
        RdmaCm.DestroyChannel(handle);
        return 0;
    }
}

/// <summary>A connection or listener of librdmacm, with the queue pair of a connection.</summary>
internal sealed unsafe class RdmaId : NativeObject
{
    private SafeHandle[] _resources = []; // what the queue pair uses

    private RdmaId(RdmaCm.Id* id, RdmaEventChannel channel)
        : base((nint)id, channel) { }

    public RdmaCm.Id* View => (RdmaCm.Id*)handle;

    public bool HasQueuePair => _resources.Length > 0;

    /// <summary>Creates an id.</summary>
    /// <param name="channel">Where its events appear.</param>
    /// <param name="owner">What its events carry.</param>
    /// <param name="error">errno of a failure; 0 otherwise.</param>
    public static RdmaId? Create(RdmaEventChannel channel, uint owner, out int error)
    {
        RdmaCm.Id* id;
        error = 0;
        if (RdmaCm.CreateId(channel.Pointer, &id, (nint)owner, RdmaCm.RDMA_PS_TCP) == 0)
            return new RdmaId(id, channel);
        error = LibC.LastError;
        return null;
    }

    /// <summary>Takes the id that came with a request to connect.</summary>
    public static RdmaId Accepted(RdmaEventChannel channel, RdmaCm.Id* id, uint owner)
    {
        id->Owner = (nint)owner;
        return new RdmaId(id, channel);
    }

    /// <summary>Creates the queue pair.</summary>
    /// <returns>0, or errno.</returns>
    public int CreateQueuePair(ProtectionDomain domain, CompletionQueue queue, IbVerbs.QueuePairParameters* parameters)
    {
        parameters->SendQueue = parameters->ReceiveQueue = queue.Pointer;
        if (RdmaCm.CreateQueuePair(View, domain.Pointer, parameters) != 0)
            return LibC.LastError;
        bool isHeld = false;
        domain.DangerousAddRef(ref isHeld);
        queue.DangerousAddRef(ref isHeld);
        _resources = [domain, queue];
        return 0;
    }

    protected override int Destroy()
    {
        if (HasQueuePair)
            RdmaCm.DestroyQueuePair(View);
        foreach (SafeHandle resource in _resources)
            resource.DangerousRelease();
        _resources = [];
        return RdmaCm.DestroyId(View) == 0 ? 0 : LibC.LastError;
    }
}
