using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using FastForward.Transport.Interop;

namespace FastForward.Tests.Interop;

/// <summary>
/// The C compiler compares every constant, size and offset with the installed headers of this architecture.
/// </summary>
public sealed class NativeLayoutTests
{
    private const string Headers = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <grp.h>
        #include <linux/errqueue.h>
        #include <linux/magic.h>
        #include <linux/memfd.h>
        #include <netinet/in.h>
        #include <netinet/ip.h>
        #include <netinet/udp.h>
        #include <stddef.h>
        #include <sys/epoll.h>
        #include <sys/eventfd.h>
        #include <sys/file.h>
        #include <sys/ioctl.h>
        #include <sys/mman.h>
        #include <sys/resource.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/un.h>
        #include <sys/vfs.h>
        #include <time.h>
        #include <linux/vm_sockets.h>
        #ifndef MFD_NOEXEC_SEAL /* headers before Linux 6.3 */
        #define MFD_NOEXEC_SEAL 0x0008U
        #endif

        """;

    /// <summary>Each structure with its C name, and the C name of each of its fields.</summary>
    private static readonly (Type Type, string Native, (string Field, string Native)[] Fields)[] s_structures =
    [
        (typeof(LibC.Timespec), "struct timespec", [("Seconds", "tv_sec"), ("Nanoseconds", "tv_nsec")]),
        (typeof(LibC.IoVector), "struct iovec", [("Base", "iov_base"), ("Length", "iov_len")]),
        (
            typeof(LibC.MessageHeader),
            "struct msghdr",
            [
                ("Name", "msg_name"),
                ("NameLength", "msg_namelen"),
                ("Vectors", "msg_iov"),
                ("VectorCount", "msg_iovlen"),
                ("Control", "msg_control"),
                ("ControlLength", "msg_controllen"),
                ("Flags", "msg_flags"),
            ]
        ),
        (typeof(LibC.BatchedMessage), "struct mmsghdr", [("Header", "msg_hdr"), ("Length", "msg_len")]),
        (
            typeof(LibC.ControlHeader),
            "struct cmsghdr",
            [("Length", "cmsg_len"), ("Level", "cmsg_level"), ("Type", "cmsg_type")]
        ),
        (
            typeof(LibC.Ipv4SocketAddress),
            "struct sockaddr_in",
            [("Family", "sin_family"), ("Port", "sin_port"), ("Address", "sin_addr")]
        ),
        (
            typeof(LibC.Ipv6SocketAddress),
            "struct sockaddr_in6",
            [
                ("Family", "sin6_family"),
                ("Port", "sin6_port"),
                ("FlowInfo", "sin6_flowinfo"),
                ("Address", "sin6_addr"),
                ("ScopeId", "sin6_scope_id"),
            ]
        ),
        (typeof(LibC.Ipv6Address), "struct in6_addr", [("High", "s6_addr[0]"), ("Low", "s6_addr[8]")]),
        (typeof(LibC.UnixSocketAddress), "struct sockaddr_un", [("Family", "sun_family"), ("Path", "sun_path")]),
        (
            typeof(LibC.VSocketAddress),
            "struct sockaddr_vm",
            [
                ("Family", "svm_family"),
                ("Reserved", "svm_reserved1"),
                ("Port", "svm_port"),
                ("Cid", "svm_cid"),
                ("Flags", "svm_flags"),
            ]
        ),
        (
            typeof(LibC.Ipv4PacketInfo),
            "struct in_pktinfo",
            [("InterfaceIndex", "ipi_ifindex"), ("LocalAddress", "ipi_spec_dst"), ("HeaderAddress", "ipi_addr")]
        ),
        (
            typeof(LibC.Ipv6PacketInfo),
            "struct in6_pktinfo",
            [("Address", "ipi6_addr"), ("InterfaceIndex", "ipi6_ifindex")]
        ),
        (typeof(LibC.Credentials), "struct ucred", [("ProcessId", "pid"), ("UserId", "uid"), ("GroupId", "gid")]),
        (
            typeof(LibC.ExtendedError),
            "struct sock_extended_err",
            [
                ("Error", "ee_errno"),
                ("Origin", "ee_origin"),
                ("Type", "ee_type"),
                ("Code", "ee_code"),
                ("Padding", "ee_pad"),
                ("Info", "ee_info"),
                ("Data", "ee_data"),
            ]
        ),
        (
            typeof(LibC.FileStatus),
            "struct statx",
            [
                ("UserId", "stx_uid"),
                ("GroupId", "stx_gid"),
                ("Mode", "stx_mode"),
                ("Inode", "stx_ino"),
                ("Size", "stx_size"),
                ("DeviceMajor", "stx_dev_major"),
                ("DeviceMinor", "stx_dev_minor"),
            ]
        ),
        (typeof(LibC.FileSystemStatus), "struct statfs", [("Type", "f_type")]),
        (typeof(LibC.ResourceLimit), "struct rlimit", [("Soft", "rlim_cur"), ("Hard", "rlim_max")]),
        (
            typeof(LibC.Group),
            "struct group",
            [("Name", "gr_name"), ("Password", "gr_passwd"), ("Id", "gr_gid"), ("Members", "gr_mem")]
        ),
    ];

    [Test]
    public void Every_structure_is_compared() => NativeHeaders.CheckNames(s_structures, typeof(LibC));

    [Test]
    public void The_compiler_agrees_with_every_layout_and_constant()
    {
        StringBuilder source = new(Headers);
        int assertions = 0;
        foreach ((string name, string value) in NativeHeaders.Constants(typeof(LibC), typeof(Errno)))
            Assert(name, value);
        foreach ((Type type, string native, (string Field, string Native)[] fields) in s_structures)
        {
            Assert($"sizeof({native})", NativeHeaders.Text(NativeHeaders.SizeOf(type)));
            foreach ((string field, string nativeField) in fields)
            {
                Assert($"offsetof({native}, {nativeField})", NativeHeaders.Text((int)Marshal.OffsetOf(type, field)));
                if (type != typeof(LibC.Ipv6Address))
                    Assert(
                        $"sizeof((({native} *)0)->{nativeField})",
                        NativeHeaders.Text(NativeHeaders.SizeOf(type.GetField(field)!.FieldType))
                    );
            }
        }

        Assert("sizeof(((struct sockaddr_un *)0)->sun_path)", NativeHeaders.Text(LibC.UnixPathCapacity));
        Assert("sizeof(struct epoll_event)", RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "12" : "16");
        Assert(
            "offsetof(struct epoll_event, data)",
            RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "4" : "8"
        );
        NUnit.Framework.Assert.That(assertions, Is.GreaterThan(120));
        NativeHeaders.Compile(source.ToString());
        TestContext.Out.WriteLine($"{assertions} assertions, {RuntimeInformation.ProcessArchitecture}");

        void Assert(string native, string value)
        {
            source.Append(CultureInfo.InvariantCulture, $"_Static_assert(({native}) == ({value}), \"{native}\");\n");
            assertions++;
        }
    }

    [Test]
    public void A_wrong_constant_is_detected()
    {
        NativeHeaders.RequireCompiler();
        NUnit.Framework.Assert.That(
            NativeHeaders.RunCompiler(Headers + "_Static_assert(SO_PEERCRED == 18, \"SO_PEERCRED\");\n"),
            Does.Contain("SO_PEERCRED")
        );
    }
}
