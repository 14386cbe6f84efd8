using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using FastForward.Transport.Interop;

namespace FastForward.Tests.Interop;

/// <summary>
/// The C compiler compares every constant, size and offset with the headers of libibverbs and librdmacm. Structures
/// that the libraries allocate have no size of their own here: their size is only compared to be large enough.
/// </summary>
public sealed class RdmaLayoutTests
{
    private const string Headers = """
        #define _GNU_SOURCE
        #include <stddef.h>
        #include <sys/socket.h>
        #include <infiniband/ib.h>
        #include <infiniband/verbs.h>
        #include <rdma/rdma_cma.h>

        """;

    private const string HeaderFile = "/usr/include/rdma/rdma_cma.h";

    private static readonly (Type Type, string Native, (string Field, string Native)[] Fields)[] s_structures =
    [
        (
            typeof(IbVerbs.Context),
            "struct ibv_context",
            [
                ("Device", "device"),
                ("PollQueue", "ops.poll_cq"),
                ("RequestNotification", "ops.req_notify_cq"),
                ("PostSend", "ops.post_send"),
                ("PostReceive", "ops.post_recv"),
                ("AsynchronousDescriptor", "async_fd"),
            ]
        ),
        (typeof(IbVerbs.QueuePair), "struct ibv_qp", [("Context", "context"), ("Number", "qp_num")]),
        (typeof(IbVerbs.CompletionQueueView), "struct ibv_cq", [("Context", "context"), ("Entries", "cqe")]),
        (typeof(IbVerbs.CompletionChannelView), "struct ibv_comp_channel", [("Descriptor", "fd")]),
        (typeof(IbVerbs.MemoryRegionView), "struct ibv_mr", [("LocalKey", "lkey")]),
        (
            typeof(IbVerbs.ScatterGatherEntry),
            "struct ibv_sge",
            [("Address", "addr"), ("Length", "length"), ("LocalKey", "lkey")]
        ),
        (
            typeof(IbVerbs.SendRequest),
            "struct ibv_send_wr",
            [
                ("Id", "wr_id"),
                ("Next", "next"),
                ("Entries", "sg_list"),
                ("EntryCount", "num_sge"),
                ("Operation", "opcode"),
                ("Flags", "send_flags"),
            ]
        ),
        (
            typeof(IbVerbs.ReceiveRequest),
            "struct ibv_recv_wr",
            [("Id", "wr_id"), ("Next", "next"), ("Entries", "sg_list"), ("EntryCount", "num_sge")]
        ),
        (
            typeof(IbVerbs.WorkCompletion),
            "struct ibv_wc",
            [("Id", "wr_id"), ("Status", "status"), ("Length", "byte_len")]
        ),
        (
            typeof(IbVerbs.Capacity),
            "struct ibv_qp_cap",
            [
                ("SendRequests", "max_send_wr"),
                ("ReceiveRequests", "max_recv_wr"),
                ("SendEntries", "max_send_sge"),
                ("ReceiveEntries", "max_recv_sge"),
                ("InlineBytes", "max_inline_data"),
            ]
        ),
        (
            typeof(IbVerbs.QueuePairParameters),
            "struct ibv_qp_init_attr",
            [
                ("Owner", "qp_context"),
                ("SendQueue", "send_cq"),
                ("ReceiveQueue", "recv_cq"),
                ("SharedReceives", "srq"),
                ("Capacity", "cap"),
                ("Type", "qp_type"),
                ("SignalsAll", "sq_sig_all"),
            ]
        ),
        (typeof(IbVerbs.QueuePairAttributes), "struct ibv_qp_attr", [("ReceiverNotReadyTimer", "min_rnr_timer")]),
        (
            typeof(IbVerbs.DeviceAttributes),
            "struct ibv_device_attr",
            [("MostQueuePairs", "max_qp"), ("MostRequests", "max_qp_wr"), ("MostCompletions", "max_cqe")]
        ),
        (typeof(IbVerbs.AsynchronousEvent), "struct ibv_async_event", [("Element", "element"), ("Type", "event_type")]),
        (typeof(RdmaCm.ChannelView), "struct rdma_event_channel", [("Descriptor", "fd")]),
        (
            typeof(RdmaCm.Id),
            "struct rdma_cm_id",
            [
                ("Context", "verbs"),
                ("Owner", "context"),
                ("QueuePair", "qp"),
                ("Source", "route.addr.src_addr.sa_family"),
                ("Destination", "route.addr.dst_addr.sa_family"),
                ("SourceGid", "route.addr.addr.ibaddr.sgid.raw[0]"),
                ("PortNumber", "port_num"),
            ]
        ),
        (
            typeof(RdmaCm.Event),
            "struct rdma_cm_event",
            [
                ("Id", "id"),
                ("Listener", "listen_id"),
                ("Type", "event"),
                ("Status", "status"),
                ("Data", "param.conn.private_data"),
                ("DataLength", "param.conn.private_data_len"),
            ]
        ),
        (
            typeof(RdmaCm.ConnectionParameters),
            "struct rdma_conn_param",
            [
                ("Data", "private_data"),
                ("DataLength", "private_data_len"),
                ("ResponderResources", "responder_resources"),
                ("InitiatorDepth", "initiator_depth"),
                ("FlowControl", "flow_control"),
                ("RetryCount", "retry_count"),
                ("ReceiverNotReadyRetryCount", "rnr_retry_count"),
                ("SharedReceives", "srq"),
                ("QueuePairNumber", "qp_num"),
            ]
        ),
        (
            typeof(RdmaCm.InfiniBandAddress),
            "struct sockaddr_ib",
            [
                ("Family", "sib_family"),
                ("PartitionKey", "sib_pkey"),
                ("FlowInfo", "sib_flowinfo"),
                ("GidHigh", "sib_addr.sib_raw[0]"),
                ("GidLow", "sib_addr.sib_raw[8]"),
                ("Service", "sib_sid"),
                ("ServiceMask", "sib_sid_mask"),
                ("Scope", "sib_scope_id"),
            ]
        ),
    ];

    // Of these, the interop declares only the first fields and reads or writes them where the library has them.
    private static readonly Type[] s_allocatedByTheLibrary =
    [
        typeof(IbVerbs.Context),
        typeof(IbVerbs.QueuePair),
        typeof(IbVerbs.CompletionQueueView),
        typeof(IbVerbs.CompletionChannelView),
        typeof(IbVerbs.MemoryRegionView),
        typeof(RdmaCm.Id),
        typeof(RdmaCm.Event),
        typeof(RdmaCm.ChannelView),
    ];

    // Where a name stands for the begin of something longer, of which only the place counts.
    private static readonly string[] s_places = ["SourceGid", "GidHigh", "GidLow", "Element"];

    [Test]
    public void Every_structure_and_field_is_compared() =>
        NativeHeaders.CheckNames(s_structures, typeof(IbVerbs), typeof(RdmaCm));

    [Test]
    public void The_compiler_agrees_with_every_layout_and_constant()
    {
        RequireHeaders();
        StringBuilder source = new(Headers);
        int assertions = 0;
        foreach ((string name, string value) in NativeHeaders.Constants(typeof(IbVerbs), typeof(RdmaCm)))
            Compare($"({name}) == ({value})");
        foreach ((Type type, string native, (string Field, string Native)[] fields) in s_structures)
        {
            bool isOfTheLibrary = s_allocatedByTheLibrary.Contains(type);
            Compare($"sizeof({native}) {(isOfTheLibrary ? ">=" : "==")} {Number(Marshal.SizeOf(type))}");
            foreach ((string field, string nativeField) in fields)
            {
                Compare($"offsetof({native}, {nativeField}) == {Number((int)Marshal.OffsetOf(type, field))}");
                if (s_places.Contains(field))
                    continue;
                int size = NativeHeaders.SizeOf(type.GetField(field)!.FieldType);
                Compare($"sizeof((({native} *)0)->{nativeField}) == {Number(size)}");
            }
        }

        Assert.That(assertions, Is.GreaterThan(150));
        NativeHeaders.Compile(source.ToString());
        TestContext.Out.WriteLine($"{assertions} assertions, {RuntimeInformation.ProcessArchitecture}");

        void Compare(string condition)
        {
            source.Append(CultureInfo.InvariantCulture, $"_Static_assert({condition}, \"{condition}\");\n");
            assertions++;
        }

        static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
    }

    [Test]
    public void A_wrong_offset_is_detected()
    {
        RequireHeaders();
        Assert.That(
            NativeHeaders.RunCompiler(
                Headers + "_Static_assert(offsetof(struct ibv_context, ops.poll_cq) == 104, \"poll_cq\");\n"
            ),
            Does.Contain("poll_cq")
        );
    }

    private static void RequireHeaders()
    {
        NativeHeaders.RequireCompiler();
        if (!File.Exists(HeaderFile))
            TestEnvironment.Missing(
                "the headers of RDMA are not installed (Debian packages libibverbs-dev, librdmacm-dev; "
                    + "test.sh installs them)"
            );
    }
}
