using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// librdmacm (rdma_cm(7)), loaded by its first call. Functions return -1 and errno; only its asynchronous ones are
/// used. Every constant carries its C name and is compared with the installed headers by a test, as is every layout.
/// </summary>
internal static unsafe partial class RdmaCm
{
    /// <summary>The file name of the library, with the version of its interface.</summary>
    public const string Library = "librdmacm.so.1";

    public const int AF_IB = 27;
    public const int RDMA_PS_TCP = 0x0106;
    public const int RDMA_OPTION_ID = 0;
    public const int RDMA_OPTION_ID_AFONLY = 2;
    public const int RDMA_OPTION_ID_ACK_TIMEOUT = 3;
    public const int RDMA_CM_EVENT_ADDR_RESOLVED = 0;
    public const int RDMA_CM_EVENT_ADDR_ERROR = 1;
    public const int RDMA_CM_EVENT_ROUTE_RESOLVED = 2;
    public const int RDMA_CM_EVENT_ROUTE_ERROR = 3;
    public const int RDMA_CM_EVENT_CONNECT_REQUEST = 4;
    public const int RDMA_CM_EVENT_CONNECT_ERROR = 6;
    public const int RDMA_CM_EVENT_UNREACHABLE = 7;
    public const int RDMA_CM_EVENT_REJECTED = 8;
    public const int RDMA_CM_EVENT_ESTABLISHED = 9;
    public const int RDMA_CM_EVENT_DISCONNECTED = 10;
    public const int RDMA_CM_EVENT_DEVICE_REMOVAL = 11;
    public const int RDMA_CM_EVENT_ADDR_CHANGE = 14;
    public const int RDMA_CM_EVENT_TIMEWAIT_EXIT = 15;

    /// <summary>rdma_create_event_channel(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_create_event_channel", SetLastError = true)]
    public static partial nint CreateChannel();

    /// <summary>rdma_destroy_event_channel(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_destroy_event_channel")]
    public static partial void DestroyChannel(nint channel);

    /// <summary>rdma_get_devices(3): the contexts of all devices, which stay open while the process lives.</summary>
    [LibraryImport(Library, EntryPoint = "rdma_get_devices", SetLastError = true)]
    public static partial IbVerbs.Context** GetDevices(int* count);

    /// <summary>rdma_free_devices(3): frees the list, not the contexts.</summary>
    [LibraryImport(Library, EntryPoint = "rdma_free_devices")]
    public static partial void FreeDevices(IbVerbs.Context** list);

    /// <summary>rdma_create_id(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_create_id", SetLastError = true)]
    public static partial int CreateId(nint channel, Id** id, nint owner, int space);

    /// <summary>rdma_destroy_id(3). Waits until all events of the id are acknowledged.</summary>
    [LibraryImport(Library, EntryPoint = "rdma_destroy_id", SetLastError = true)]
    public static partial int DestroyId(Id* id);

    /// <summary>rdma_set_option(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_set_option", SetLastError = true)]
    public static partial int SetOption(Id* id, int level, int option, void* value, nuint length);

    /// <summary>rdma_bind_addr(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_bind_addr", SetLastError = true)]
    public static partial int Bind(Id* id, void* address);

    /// <summary>rdma_listen(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_listen", SetLastError = true)]
    public static partial int Listen(Id* id, int backlog);

    /// <summary>rdma_resolve_addr(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_resolve_addr", SetLastError = true)]
    public static partial int ResolveAddress(Id* id, void* source, void* destination, int milliseconds);

    /// <summary>rdma_resolve_route(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_resolve_route", SetLastError = true)]
    public static partial int ResolveRoute(Id* id, int milliseconds);

    /// <summary>rdma_create_qp(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_create_qp", SetLastError = true)]
    public static partial int CreateQueuePair(Id* id, nint domain, IbVerbs.QueuePairParameters* parameters);

    /// <summary>rdma_destroy_qp(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_destroy_qp")]
    public static partial void DestroyQueuePair(Id* id);

    /// <summary>rdma_connect(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_connect", SetLastError = true)]
    public static partial int Connect(Id* id, ConnectionParameters* parameters);

    /// <summary>rdma_accept(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_accept", SetLastError = true)]
    public static partial int Accept(Id* id, ConnectionParameters* parameters);

    /// <summary>rdma_reject(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_reject", SetLastError = true)]
    public static partial int Reject(Id* id, void* data, byte length);

    /// <summary>rdma_disconnect(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_disconnect", SetLastError = true)]
    public static partial int Disconnect(Id* id);

    /// <summary>rdma_get_cm_event(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_get_cm_event", SetLastError = true)]
    public static partial int GetEvent(nint channel, Event** target);

    /// <summary>rdma_ack_cm_event(3).</summary>
    [LibraryImport(Library, EntryPoint = "rdma_ack_cm_event", SetLastError = true)]
    public static partial int AcknowledgeEvent(Event* source);

    /// <summary>struct rdma_event_channel, allocated by the library.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct ChannelView
    {
        [FieldOffset(0)]
        public int Descriptor;
    }

    /// <summary>struct rdma_cm_id, allocated by the library, with the fields in use.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct Id
    {
        [FieldOffset(0)]
        public IbVerbs.Context* Context;

        [FieldOffset(16)]
        public nint Owner;

        [FieldOffset(24)]
        public IbVerbs.QueuePair* QueuePair;

        /// <summary>A socket address of 128 bytes begins here.</summary>
        [FieldOffset(32)]
        public ushort Source;

        /// <inheritdoc cref="Source"/>
        [FieldOffset(160)]
        public ushort Destination;

        /// <summary>A GID of 16 bytes begins here.</summary>
        [FieldOffset(288)]
        public byte SourceGid;

        [FieldOffset(348)]
        public byte PortNumber;
    }

    /// <summary>struct rdma_cm_event, allocated by the library, with the fields in use.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct Event
    {
        [FieldOffset(0)]
        public Id* Id;

        [FieldOffset(8)]
        public Id* Listener;

        [FieldOffset(16)]
        public int Type;

        [FieldOffset(20)]
        public int Status;

        [FieldOffset(24)]
        public byte* Data;

        [FieldOffset(32)]
        public byte DataLength;
    }

    /// <summary>struct rdma_conn_param.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ConnectionParameters
    {
        public void* Data;
        public byte DataLength;
        public byte ResponderResources;
        public byte InitiatorDepth;
        public byte FlowControl;
        public byte RetryCount;
        public byte ReceiverNotReadyRetryCount;
        public byte SharedReceives;
        public uint QueuePairNumber;
    }

    /// <summary>struct sockaddr_ib: the partition key and the service id are in network byte order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct InfiniBandAddress
    {
        public ushort Family;
        public ushort PartitionKey;
        public uint FlowInfo;
        public ulong GidHigh;
        public ulong GidLow;
        public ulong Service;
        public ulong ServiceMask;
        public ulong Scope;
    }
}
