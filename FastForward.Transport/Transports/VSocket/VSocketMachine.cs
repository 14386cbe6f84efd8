using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>This machine's context ids, and what its vSocket transport supports.</summary>
internal static unsafe class VSocketMachine
{
    private const string Device = "/dev/vsock";

    private const string LoadOne =
        "load a module with modprobe (guest: vmw_vsock_virtio_transport for KVM, vmw_vsock_vmci_transport for VMware, "
        + "hv_sock for Hyper-V; host: vhost_vsock or vmw_vsock_vmci_transport; one machine only: vsock_loopback)";

    /// <summary>
    /// Reads this machine's context id (IOCTL_VM_SOCKETS_GET_LOCAL_CID, vsock(7)). A guest's changes when it migrates
    /// to another host.
    /// </summary>
    /// <returns>
    /// Null, with errno in <paramref name="error"/>, when it cannot be read; <see cref="VSocketEndPoint.AnyCid"/> when
    /// the machine has none.
    /// </returns>
    public static uint? ReadCid(out int error)
    {
        error = 0;
        using Descriptor device = new(LibC.Open(Device, LibC.O_CLOEXEC, 0));
        uint cid = VSocketEndPoint.AnyCid;
        if (!device.IsInvalid && LibC.Control(device, LibC.IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) == 0)
            return cid;
        error = LibC.LastError;
        return null;
    }

    /// <summary>
    /// Whether two context ids denote the same machine, as seen from a machine with the context id
    /// <paramref name="own"/>.
    /// </summary>
    /// <remarks>
    /// A machine can address itself by context id 1 and by its own; if it is not a guest, also by 2, which is how its
    /// guests address it. Connections to any of these use the loopback and arrive from 1. When the own context id
    /// cannot be read (no descriptor left), only equal ids match: a guest must not mistake its host for itself.
    /// </remarks>
    /// <param name="one">A context id.</param>
    /// <param name="other">Another context id.</param>
    /// <param name="own">The context id of this machine; null when it is not known.</param>
    public static bool IsSame(uint one, uint other, uint? own)
    {
        return one == other || (own is not null && IsSelf(one) && IsSelf(other));

        bool IsSelf(uint cid) =>
            cid == VSocketEndPoint.LocalCid
            || (cid == own && own != VSocketEndPoint.AnyCid)
            || (cid == VSocketEndPoint.HostCid && (own is VSocketEndPoint.AnyCid or VSocketEndPoint.LocalCid));
    }

    /// <summary>
    /// Whether seqpacket connections from other machines can reach this one, concluded from the transport to its
    /// hypervisor. They cannot with a virtio device that lacks the feature (Firecracker, vhost-device-vsock, a host
    /// before Linux 5.14), nor with the transports of VMware and Hyper-V.
    /// </summary>
    /// <param name="sysfs">The mount point of sysfs.</param>
    public static bool CarriesSeqPacket(string sysfs = "/sys")
    {
        const string VSockDevice = "0x0013"; // VIRTIO_ID_VSOCK, linux/virtio_ids.h

        // VIRTIO_VSOCK_F_SEQPACKET, linux/virtio_vsock.h; sysfs shows the features as one character per bit, from bit
        // 0.
        const int SeqPacketFeature = 1;
        string devices = Path.Combine(sysfs, "bus/virtio/devices");
        if (Directory.Exists(devices))
        {
            foreach (string device in Directory.EnumerateDirectories(devices, "*", new EnumerationOptions()))
            {
                if (Read(Path.Combine(device, "device")) != VSockDevice)
                    continue;
                string features = Read(Path.Combine(device, "features"));
                return features.Length <= SeqPacketFeature || features[SeqPacketFeature] == '1';
            }
        }

        return Read(Path.Combine(sysfs, "class/dmi/id/sys_vendor")) switch
        {
            "VMware, Inc." => !HasModule("vmw_vsock_vmci_transport"),
            "Microsoft Corporation" => !HasModule("hv_sock"),
            _ => true,
        };

        bool HasModule(string name) => Directory.Exists(Path.Combine(sysfs, "module", name));
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ""; // a container may hide parts of sysfs
        }
    }

    /// <summary>Whether this machine can use the family at all.</summary>
    public static TransportAvailability Check()
    {
        if (!OperatingSystem.IsLinux())
            return TransportAvailability.Unavailable("this system is not Linux");
        using Descriptor probe = new(LibC.Socket(LibC.AF_VSOCK, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0));
        if (probe.IsInvalid)
        {
            return TransportAvailability.Unavailable(
                LibC.LastError switch
                {
                    Errno.EAFNOSUPPORT => $"the kernel has no AF_VSOCK: {LoadOne}",
                    Errno.EPERM or Errno.EACCES => "this process may not create AF_VSOCK sockets: "
                        + "its container or service forbids it (seccomp, RestrictAddressFamilies)",
                    int error => $"the kernel provides no AF_VSOCK socket: {LibC.Describe(error)}",
                }
            );
        }

        uint? cid = ReadCid(out int reason);
        return (cid, reason) switch
        {
            (VSocketEndPoint.AnyCid, _) when !HasLoopback() => TransportAvailability.Unavailable(
                $"no vSocket transport is loaded: {LoadOne}"
            ),
            (not null, _) => TransportAvailability.Available,
            (null, Errno.ENOENT) => TransportAvailability.Unavailable(
                $"{Device} is missing: {LoadOne}; in a container, pass the device to it"
            ),
            (null, Errno.EACCES or Errno.EPERM) => TransportAvailability.Unavailable(
                $"no permission to open {Device} to read this machine's context id: set its mode to 0666, "
                    + "for example with a udev rule"
            ),
            _ => TransportAvailability.Unavailable(
                $"{Device} does not return this machine's context id: {LibC.Describe(reason)}"
            ),
        };
    }

    /// <summary>
    /// Whether processes of this machine can connect to each other by context id 1: then bind(2) accepts that id.
    /// </summary>
    public static bool HasLoopback()
    {
        using Descriptor probe = new(LibC.Socket(LibC.AF_VSOCK, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0));
        LibC.VSocketAddress address = new()
        {
            Family = LibC.AF_VSOCK,
            Cid = LibC.VMADDR_CID_LOCAL,
            Port = LibC.VMADDR_PORT_ANY,
        };
        return !probe.IsInvalid && LibC.Bind(probe, &address, (uint)sizeof(LibC.VSocketAddress)) == 0;
    }
}
