using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>What this machine is among the machines of its hypervisor: its context id, and who it is by other numbers.</summary>
internal static unsafe class VSocketMachine
{
    private const string Device = "/dev/vsock";

    private const string LoadOne =
        "a guest needs vmw_vsock_virtio_transport (KVM), vmw_vsock_vmci_transport (VMware) or hv_sock (Hyper-V), a host vhost_vsock or vmw_vsock_vmci_transport, one machine alone vsock_loopback: load one with modprobe";

    /// <summary>This machine's context id as the kernel names it now; a guest's changes when it moves to another host.</summary>
    /// <returns>Null, with errno in <paramref name="error"/>, when it does not say; <see cref="VSocketEndPoint.AnyCid"/> when there is none.</returns>
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
    /// Whether two context ids, as seen from a machine with the context id <paramref name="own"/>, are the same machine;
    /// null when the own one is not known.
    /// </summary>
    /// <remarks>
    /// A machine is context id 1 to itself, and its own one; one that is no guest is 2 as well, which is what its guests
    /// call it. A connection to any of these goes through the loopback, and comes in from 1. Where the machine's number
    /// cannot be read (no descriptor left) nothing is guessed: a guest must not take its host for itself.
    /// </remarks>
    public static bool IsSame(uint one, uint other, uint? own)
    {
        return one == other || (own is not null && IsSelf(one) && IsSelf(other));

        bool IsSelf(uint cid) =>
            cid == VSocketEndPoint.LocalCid
            || (cid == own && own != VSocketEndPoint.AnyCid)
            || (cid == VSocketEndPoint.HostCid && (own is VSocketEndPoint.AnyCid or VSocketEndPoint.LocalCid));
    }

    /// <summary>
    /// Whether connections of the type seqpacket can reach this machine. Nothing tells but what leads to its hypervisor: a
    /// vsock device without that feature (Firecracker, vhost-device-vsock, a host before Linux 5.14), VMware's or Hyper-V's
    /// transport, neither of which has it.
    /// </summary>
    /// <param name="sysfs">Where sysfs is.</param>
    public static bool CarriesSeqPacket(string sysfs = "/sys")
    {
        const string VSockDevice = "0x0013"; // VIRTIO_ID_VSOCK, linux/virtio_ids.h
        const int SeqPacketFeature = 1; // VIRTIO_VSOCK_F_SEQPACKET, linux/virtio_vsock.h; sysfs shows the bits from 0 on as characters
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
            return ""; // a container may show less of it
        }
    }

    /// <summary>Whether this machine can use the family at all.</summary>
    public static TransportAvailability Check()
    {
        if (!OperatingSystem.IsLinux())
            return TransportAvailability.Unavailable("this is not Linux");
        using Descriptor probe = new(LibC.Socket(LibC.AF_VSOCK, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0));
        if (probe.IsInvalid)
        {
            return TransportAvailability.Unavailable(
                LibC.LastError switch
                {
                    Errno.EAFNOSUPPORT => $"the kernel has no AF_VSOCK: {LoadOne}",
                    Errno.EPERM or Errno.EACCES =>
                        "this process may not create AF_VSOCK sockets: a rule of its container or service (seccomp, RestrictAddressFamilies) forbids it",
                    int error => $"the kernel gives no AF_VSOCK socket: {LibC.Describe(error)}",
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
                $"{Device} is missing: {LoadOne}, and show the device to the container if this is one"
            ),
            (null, Errno.EACCES or Errno.EPERM) => TransportAvailability.Unavailable(
                $"no permission to open {Device}, which tells this machine's context id: mode 0666 is usual, for example by udev"
            ),
            _ => TransportAvailability.Unavailable(
                $"{Device} does not tell this machine's context id: {LibC.Describe(reason)}"
            ),
        };
    }

    /// <summary>Whether processes of this machine reach each other by context id 1: then a socket can be bound to it.</summary>
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
