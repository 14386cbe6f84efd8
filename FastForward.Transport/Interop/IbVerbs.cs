using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// libibverbs (ibv_get_device_list(3) and the pages it names), loaded by its first call. Every constant carries its C
/// name and is compared with the installed headers by a test, as is every layout.
/// </summary>
/// <remarks>
/// The verbs of the data path are inline functions in the headers: they call through the operations of the device's
/// context, and so does this class. Functions that return an errno return it as their value.
/// </remarks>
internal static unsafe partial class IbVerbs
{
    /// <summary>The file name of the library, with the version of its interface.</summary>
    public const string Library = "libibverbs.so.1";

    public const int IBV_QPT_RC = 2;
    public const int IBV_WR_SEND = 2;
    public const int IBV_SEND_SIGNALED = 2;
    public const int IBV_SEND_INLINE = 8;
    public const int IBV_ACCESS_LOCAL_WRITE = 1;
    public const int IBV_QP_MIN_RNR_TIMER = 1 << 15;
    public const int IBV_WC_SUCCESS = 0;
    public const int IBV_WC_WR_FLUSH_ERR = 5;
    public const int IBV_WC_REM_INV_REQ_ERR = 9;
    public const int IBV_WC_RETRY_EXC_ERR = 12;
    public const int IBV_WC_RNR_RETRY_EXC_ERR = 13;
    public const int IBV_EVENT_CQ_ERR = 0;
    public const int IBV_EVENT_DEVICE_FATAL = 8;

    /// <summary>ibv_alloc_pd(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_alloc_pd", SetLastError = true)]
    public static partial nint AllocateDomain(Context* context);

    /// <summary>ibv_dealloc_pd(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_dealloc_pd")]
    public static partial int FreeDomain(nint domain);

    /// <summary>ibv_reg_mr(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_reg_mr", SetLastError = true)]
    public static partial nint RegisterMemory(nint domain, void* address, nuint length, int access);

    /// <summary>ibv_dereg_mr(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_dereg_mr")]
    public static partial int ReleaseMemory(nint region);

    /// <summary>ibv_create_comp_channel(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_create_comp_channel", SetLastError = true)]
    public static partial nint CreateCompletionChannel(Context* context);

    /// <summary>ibv_destroy_comp_channel(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_destroy_comp_channel")]
    public static partial int DestroyCompletionChannel(nint channel);

    /// <summary>ibv_create_cq(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_create_cq", SetLastError = true)]
    public static partial nint CreateCompletionQueue(
        Context* context,
        int entries,
        void* owner,
        nint channel,
        int vector
    );

    /// <summary>ibv_destroy_cq(3). Waits until all its events are acknowledged.</summary>
    [LibraryImport(Library, EntryPoint = "ibv_destroy_cq")]
    public static partial int DestroyCompletionQueue(nint queue);

    /// <summary>ibv_get_cq_event(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_get_cq_event", SetLastError = true)]
    public static partial int GetCompletionEvent(nint channel, nint* queue, void** owner);

    /// <summary>ibv_ack_cq_events(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_ack_cq_events")]
    public static partial void AcknowledgeCompletionEvents(nint queue, uint count);

    /// <summary>ibv_query_device(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_query_device")]
    public static partial int QueryDevice(Context* context, DeviceAttributes* attributes);

    /// <summary>ibv_modify_qp(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_modify_qp")]
    public static partial int ModifyQueuePair(QueuePair* queuePair, QueuePairAttributes* attributes, int mask);

    /// <summary>ibv_get_async_event(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_get_async_event", SetLastError = true)]
    public static partial int GetAsynchronousEvent(Context* context, AsynchronousEvent* target);

    /// <summary>ibv_ack_async_event(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_ack_async_event")]
    public static partial void AcknowledgeAsynchronousEvent(AsynchronousEvent* source);

    /// <summary>ibv_get_device_name(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_get_device_name")]
    public static partial nint GetDeviceName(nint device);

    /// <summary>ibv_wc_status_str(3).</summary>
    [LibraryImport(Library, EntryPoint = "ibv_wc_status_str")]
    public static partial nint GetStatusText(int status);

    /// <summary>ibv_poll_cq(3): a few memory accesses, no system call.</summary>
    /// <returns>The number of completions, or a negative value when the queue has failed.</returns>
    public static int Poll(CompletionQueueView* queue, int room, WorkCompletion* target) =>
        (
            (delegate* unmanaged[SuppressGCTransition]<CompletionQueueView*, int, WorkCompletion*, int>)
                queue->Context->PollQueue
        )(queue, room, target);

    /// <summary>ibv_req_notify_cq(3): the next completion raises an event on the queue's channel.</summary>
    public static int RequestNotification(CompletionQueueView* queue) =>
        ((delegate* unmanaged<CompletionQueueView*, int, int>)queue->Context->RequestNotification)(queue, 0);

    /// <summary>ibv_post_send(3). Enters the kernel on soft devices.</summary>
    public static int PostSend(QueuePair* queuePair, SendRequest* first)
    {
        SendRequest* bad;
        return ((delegate* unmanaged<QueuePair*, SendRequest*, SendRequest**, int>)queuePair->Context->PostSend)(
            queuePair,
            first,
            &bad
        );
    }

    /// <summary>ibv_post_recv(3).</summary>
    public static int PostReceive(QueuePair* queuePair, ReceiveRequest* first)
    {
        ReceiveRequest* bad;
        return (
            (delegate* unmanaged<QueuePair*, ReceiveRequest*, ReceiveRequest**, int>)queuePair->Context->PostReceive
        )(queuePair, first, &bad);
    }

    /// <summary>A text for the status of a completion.</summary>
    public static string Describe(int status) =>
        $"{Marshal.PtrToStringUTF8(GetStatusText(status))} (work completion status {status})";
}
