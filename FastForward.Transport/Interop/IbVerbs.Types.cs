using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// Structures of libibverbs, equal on x86-64 and arm64. Those that the library allocates have only the fields in use,
/// and no size.
/// </summary>
internal static unsafe partial class IbVerbs
{
    /// <summary>struct ibv_context, allocated by the library.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct Context
    {
        [FieldOffset(0)]
        public nint Device;

        [FieldOffset(96)]
        public void* PollQueue;

        [FieldOffset(104)]
        public void* RequestNotification;

        [FieldOffset(208)]
        public void* PostSend;

        [FieldOffset(216)]
        public void* PostReceive;

        [FieldOffset(268)]
        public int AsynchronousDescriptor;
    }

    /// <summary>struct ibv_qp, allocated by the library.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct QueuePair
    {
        [FieldOffset(0)]
        public Context* Context;

        [FieldOffset(52)]
        public uint Number;
    }

    /// <summary>struct ibv_cq, allocated by the library.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct CompletionQueueView
    {
        [FieldOffset(0)]
        public Context* Context;

        [FieldOffset(28)]
        public int Entries;
    }

    /// <summary>struct ibv_comp_channel, allocated by the library.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct CompletionChannelView
    {
        [FieldOffset(8)]
        public int Descriptor;
    }

    /// <summary>struct ibv_mr, allocated by the library.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct MemoryRegionView
    {
        [FieldOffset(36)]
        public uint LocalKey;
    }

    /// <summary>struct ibv_sge.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ScatterGatherEntry
    {
        public ulong Address;
        public uint Length;
        public uint LocalKey;
    }

    /// <summary>struct ibv_send_wr, with the fields of plain sends.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct SendRequest
    {
        [FieldOffset(0)]
        public ulong Id;

        [FieldOffset(8)]
        public SendRequest* Next;

        [FieldOffset(16)]
        public ScatterGatherEntry* Entries;

        [FieldOffset(24)]
        public int EntryCount;

        [FieldOffset(28)]
        public int Operation;

        [FieldOffset(32)]
        public int Flags;
    }

    /// <summary>struct ibv_recv_wr.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    public struct ReceiveRequest
    {
        public ulong Id;
        public ReceiveRequest* Next;
        public ScatterGatherEntry* Entries;
        public int EntryCount;
    }

    /// <summary>struct ibv_wc. With an error only the id and the status are valid.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 48)]
    public struct WorkCompletion
    {
        [FieldOffset(0)]
        public ulong Id;

        [FieldOffset(8)]
        public int Status;

        [FieldOffset(20)]
        public uint Length;
    }

    /// <summary>struct ibv_qp_cap.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Capacity
    {
        public uint SendRequests;
        public uint ReceiveRequests;
        public uint SendEntries;
        public uint ReceiveEntries;
        public uint InlineBytes;
    }

    /// <summary>struct ibv_qp_init_attr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct QueuePairParameters
    {
        public nint Owner;
        public nint SendQueue;
        public nint ReceiveQueue;
        public nint SharedReceives;
        public Capacity Capacity;
        public int Type;
        public int SignalsAll;
    }

    /// <summary>struct ibv_qp_attr, with the fields in use.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 144)]
    public struct QueuePairAttributes
    {
        [FieldOffset(128)]
        public byte ReceiverNotReadyTimer;
    }

    /// <summary>struct ibv_device_attr, with the fields in use.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 232)]
    public struct DeviceAttributes
    {
        [FieldOffset(108)]
        public int MostQueuePairs;

        [FieldOffset(112)]
        public int MostRequests;

        [FieldOffset(132)]
        public int MostCompletions;
    }

    /// <summary>struct ibv_async_event.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 16)]
    public struct AsynchronousEvent
    {
        [FieldOffset(0)]
        public nint Element;

        [FieldOffset(8)]
        public int Type;
    }
}
