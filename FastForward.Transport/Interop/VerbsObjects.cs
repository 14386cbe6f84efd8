namespace FastForward.Transport.Interop;

/// <summary>A protection domain of a device.</summary>
internal sealed unsafe class ProtectionDomain(IbVerbs.Context* context) : NativeObject(IbVerbs.AllocateDomain(context))
{
    protected override int Destroy() => IbVerbs.FreeDomain(handle);
}

/// <summary>Memory that a device may write to.</summary>
internal sealed unsafe class MemoryRegion(ProtectionDomain domain, void* address, nuint length)
    : NativeObject(IbVerbs.RegisterMemory(domain.Pointer, address, length, IbVerbs.IBV_ACCESS_LOCAL_WRITE), domain)
{
    public uint LocalKey => ((IbVerbs.MemoryRegionView*)handle)->LocalKey;

    protected override int Destroy() => IbVerbs.ReleaseMemory(handle);
}

/// <summary>A descriptor that becomes readable when a queue that was asked to notify has completions.</summary>
internal sealed unsafe class CompletionChannel(IbVerbs.Context* context)
    : NativeObject(IbVerbs.CreateCompletionChannel(context))
{
    public int Descriptor => ((IbVerbs.CompletionChannelView*)handle)->Descriptor;

    protected override int Destroy() => IbVerbs.DestroyCompletionChannel(handle);
}

/// <summary>A queue of completions, with its notifications. Not thread-safe.</summary>
internal sealed unsafe class CompletionQueue(IbVerbs.Context* context, int entries, CompletionChannel channel)
    : NativeObject(IbVerbs.CreateCompletionQueue(context, entries, null, channel.Pointer, 0), channel)
{
    private readonly nint _channel = channel.Pointer;
    private uint _unacknowledged;

    public IbVerbs.CompletionQueueView* View => (IbVerbs.CompletionQueueView*)handle;

    /// <summary>Takes the notifications from the channel, whose descriptor does not block.</summary>
    public void TakeNotifications()
    {
        nint queue;
        void* owner;
        while (IbVerbs.GetCompletionEvent(_channel, &queue, &owner) == 0)
            _unacknowledged++;

        // Each call takes a lock, so notifications are acknowledged many at a time.
        if (_unacknowledged >= 64)
            Acknowledge();
    }

    protected override int Destroy()
    {
        Acknowledge(); // otherwise the destruction would wait for ever
        return IbVerbs.DestroyCompletionQueue(handle);
    }

    private void Acknowledge()
    {
        IbVerbs.AcknowledgeCompletionEvents(handle, _unacknowledged);
        _unacknowledged = 0;
    }
}
