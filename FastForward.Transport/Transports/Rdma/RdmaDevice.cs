using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// What the links of one device share: protection domain, the registered slab, and one completion queue with its
/// channel.
/// </summary>
internal sealed unsafe class RdmaDevice : IDisposable
{
    private const int BatchLength = 16;

    private readonly MemoryRegion _region;
    private readonly CompletionChannel _channel;
    private readonly IbVerbs.WorkCompletion* _batch;
    private int _next;
    private int _count;
    private bool _isArmed;

    private RdmaDevice(
        IbVerbs.Context* context,
        ProtectionDomain domain,
        MemoryRegion region,
        CompletionChannel channel,
        CompletionQueue queue
    )
    {
        Context = context;
        Name = Marshal.PtrToStringUTF8(IbVerbs.GetDeviceName(context->Device)) ?? "?";
        Domain = domain;
        _region = region;
        _channel = channel;
        Queue = queue;
        LocalKey = region.LocalKey;
        _batch = (IbVerbs.WorkCompletion*)NativeMemory.Alloc(BatchLength, (nuint)sizeof(IbVerbs.WorkCompletion));
    }

    public IbVerbs.Context* Context { get; }

    public string Name { get; }

    public ProtectionDomain Domain { get; }

    public CompletionQueue Queue { get; }

    public uint LocalKey { get; }

    /// <summary>The most links whose completions all fit into the queue.</summary>
    public int MaxLinks { get; private init; }

    /// <summary>The links that have a queue pair.</summary>
    public int Links { get; set; }

    /// <summary>Readable when the queue notifies.</summary>
    public int Descriptor => _channel.Descriptor;

    /// <summary>Readable when the device has an asynchronous event.</summary>
    public int EventDescriptor => Context->AsynchronousDescriptor;

    /// <summary>Completions were taken from the queue and not handled.</summary>
    public bool HasTaken => _next < _count;

    /// <summary>Sets a device up.</summary>
    /// <exception cref="IOException">The device or a limit of the system does not allow it.</exception>
    public static RdmaDevice Create(IbVerbs.Context* context, RdmaSlab slab, RdmaSizes sizes, int maxLinks)
    {
        string name = Marshal.PtrToStringUTF8(IbVerbs.GetDeviceName(context->Device)) ?? "?";
        IbVerbs.DeviceAttributes attributes;
        int error = IbVerbs.QueryDevice(context, &attributes);
        if (error != 0)
            throw new IOException($"{name} does not say what it can do: {LibC.Describe(error)}");
        if (Math.Max(sizes.SendDepth, sizes.ReceiveDepth) > attributes.MostRequests)
            throw new IOException(
                $"{name} takes at most {attributes.MostRequests} work requests per queue, "
                    + $"and {sizes.Credits} credits need {Math.Max(sizes.SendDepth, sizes.ReceiveDepth)}: use fewer"
            );

        // An overrun of the queue would end all its links.
        int links = Math.Min(
            Math.Min(maxLinks, attributes.MostQueuePairs),
            attributes.MostCompletions / sizes.Completions
        );
        if (links == 0)
            throw new IOException(
                $"a completion queue of {name} has room for {attributes.MostCompletions} entries, and a link with "
                    + $"{sizes.Credits} credits needs {sizes.Completions}: use fewer"
            );
        List<NativeObject> made = [];
        try
        {
            ProtectionDomain domain = Add(new ProtectionDomain(context), "protection domain");
            MemoryRegion region = Add(new MemoryRegion(domain, slab.Start, slab.Length), "memory region");
            CompletionChannel channel = Add(new CompletionChannel(context), "completion channel");
            LibC.Control(channel.Descriptor, LibC.F_SETFL, LibC.O_NONBLOCK);
            CompletionQueue queue = Add(new CompletionQueue(context, links * sizes.Completions, channel), "queue");
            LibC.Control(context->AsynchronousDescriptor, LibC.F_SETFL, LibC.O_NONBLOCK);
            return new RdmaDevice(context, domain, region, channel, queue) { MaxLinks = links };
        }
        catch
        {
            for (int i = made.Count - 1; i >= 0; i--)
                made[i].Dispose();
            throw;
        }

        T Add<T>(T created, string what)
            where T : NativeObject
        {
            int reason = LibC.LastError;
            if (!created.IsInvalid)
            {
                made.Add(created);
                return created;
            }

            created.Dispose();
            throw new IOException(
                created is MemoryRegion
                    ? RdmaMachine.DescribeLockFailure(name, (long)slab.Length, reason)
                    : $"{name} provides no {what}: {LibC.Describe(reason)}"
            );
        }
    }

    /// <summary>Takes one completion from the queue, and with it those behind it.</summary>
    /// <param name="room">The most that the caller is going to take.</param>
    /// <param name="completion">The completion.</param>
    public bool TryTake(int room, out IbVerbs.WorkCompletion completion)
    {
        if (_next == _count && !Take(Math.Min(room, BatchLength)))
        {
            completion = default;
            return false;
        }

        completion = _batch[_next++];
        return true;
    }

    /// <summary>Makes the next completion wake the loop.</summary>
    /// <returns>Whether there are completions already.</returns>
    public bool Arm()
    {
        if (HasTaken)
            return true;
        if (!_isArmed)
        {
            IbVerbs.RequestNotification(Queue.View);
            _isArmed = true;
        }

        // A completion that came before the request raises no event.
        return Take(BatchLength);
    }

    /// <summary>The channel shows a notification.</summary>
    public void TakeNotifications()
    {
        Queue.TakeNotifications();
        _isArmed = false;
    }

    public void Dispose()
    {
        if (Queue.IsClosed)
            return;
        Queue.Dispose();
        _channel.Dispose();
        _region.Dispose();
        Domain.Dispose();
        NativeMemory.Free(_batch);
    }

    private bool Take(int room)
    {
        _next = 0;
        _count = Math.Max(0, IbVerbs.Poll(Queue.View, room, _batch));
        return _count > 0;
    }
}
