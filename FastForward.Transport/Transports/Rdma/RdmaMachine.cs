using System.Globalization;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// What this machine has of RDMA. It looks at files before it loads a library, since librdmacm writes to the standard
/// error of the process when it finds no device.
/// </summary>
/// <param name="sysfs">The mount point of sysfs.</param>
/// <param name="devices">The directory of the device files.</param>
/// <param name="tryLoad">Whether a library can be loaded.</param>
/// <param name="readLockLimit">The bytes that this process may lock; null for no limit.</param>
internal sealed class RdmaMachine(string sysfs, string devices, Func<string, bool> tryLoad, Func<ulong?> readLockLimit)
{
    private const int LockCapability = 14; // CAP_IPC_LOCK, linux/capability.h

    /// <summary>This machine.</summary>
    public static RdmaMachine This { get; } =
        new("/sys", "/dev/infiniband", static name => NativeLibrary.TryLoad(name, out _), ReadLockLimit);

    /// <summary>The ports of its devices.</summary>
    public IReadOnlyList<RdmaDevicePort> ReadPorts() => RdmaDevicePort.ReadAll(sysfs);

    /// <summary>Whether the transport can be started, with links that need so much memory.</summary>
    /// <param name="slab">The bytes to be locked for each device.</param>
    public TransportAvailability Check(long slab)
    {
        if (!OperatingSystem.IsLinux())
            return TransportAvailability.Unavailable("this system is not Linux");
        string? reason;
        try
        {
            reason = FindMissingDevice() ?? FindMissingLibrary() ?? FindLockProblem(slab);
        }
        catch (IOException exception)
        {
            reason = exception.Message; // no descriptor is left, for example
        }

        return reason is null ? TransportAvailability.Available : TransportAvailability.Unavailable(reason);
    }

    /// <summary>Why memory was not registered.</summary>
    public static string DescribeLockFailure(string device, long bytes, int error)
    {
        string failure = string.Create(
            CultureInfo.InvariantCulture,
            $"{device} does not register {bytes} bytes of memory: {LibC.Describe(error)}"
        );
        return error is Errno.ENOMEM or Errno.EPERM or Errno.EAGAIN && ReadLockLimit() is { } limit
            ? $"{failure}; {Advise(limit)}"
            : failure;
    }

    private string? FindMissingDevice()
    {
        IReadOnlyList<RdmaDevicePort> ports = ReadPorts();
        if (ports.Count == 0)
            return $"the kernel has no RDMA device ({sysfs}/class/infiniband is empty): load the driver of the adapter "
                + "(mlx5_ib for example), or make a software device with rdma link add rxe0 type rxe netdev eth0; "
                + "in a container, the host must share its devices";
        string manager = Path.Combine(devices, "rdma_cm");
        if (!File.Exists(manager))
            return $"{manager} is missing: load its module with modprobe rdma_ucm; "
                + "in a container, pass it to the container";
        string[] verbs = Directory.GetFiles(devices, "uverbs*");
        if (verbs.Length == 0)
            return $"{devices}/uverbs0 is missing: load its module with modprobe ib_uverbs; "
                + "in a container, pass it to the container";
        foreach (string file in verbs.Prepend(manager))
        {
            if (FindOpenProblem(file) is { } problem)
                return problem;
        }

        return ports.Any(static port => port.IsActive)
            ? null
            : $"no port of an RDMA device is active ({string.Join(", ", ports.Select(Describe))}): "
                + "check the cable, and set the network interface up with ip link set <interface> up";

        static string Describe(RdmaDevicePort port) => $"{port.Device} port {port.Number}: {port.State}";
    }

    private static string? FindOpenProblem(string file)
    {
        using Descriptor opened = new(LibC.Open(file, LibC.O_RDWR | LibC.O_CLOEXEC, 0));
        if (!opened.IsInvalid)
            return null;
        int error = LibC.LastError;
        return error switch
        {
            Errno.EACCES => $"no permission to open {file}: add the user to the group that owns it, or set its mode to "
                + "0666 with a udev rule",
            Errno.EPERM => $"the service or container may not use {file}: allow it with "
                + "DeviceAllow=char-infiniband_verbs rw and DeviceAllow=char-misc rw in the unit, or pass the device",
            _ => $"{file} cannot be opened: {LibC.Describe(error)}",
        };
    }

    private string? FindMissingLibrary()
    {
        foreach (string library in new[] { IbVerbs.Library, RdmaCm.Library })
        {
            if (!tryLoad(library))
                return $"the library {library} cannot be loaded: install rdma-core with its providers "
                    + "(Debian: librdmacm1 ibverbs-providers)";
        }

        return null;
    }

    private string? FindLockProblem(long slab) =>
        readLockLimit() is { } limit && (ulong)slab > limit
            ? string.Create(CultureInfo.InvariantCulture, $"{slab} bytes of memory have to be locked; {Advise(limit)}")
            : null;

    private static string Advise(ulong limit) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"this process may lock {limit} (RLIMIT_MEMLOCK): set LimitMEMLOCK=infinity in the unit or ulimit -l, or "
        ) + "allow fewer links or credits";

    private static unsafe ulong? ReadLockLimit()
    {
        LibC.ResourceLimit limit;
        bool isUnlimited = LibC.GetLimit(LibC.RLIMIT_MEMLOCK, &limit) != 0 || limit.Soft == ulong.MaxValue;
        return isUnlimited || MayLockAnything() ? null : limit.Soft;
    }

    private static bool MayLockAnything()
    {
        const string Field = "CapEff:";
        try
        {
            string line = File.ReadLines("/proc/self/status")
                .First(static line => line.StartsWith(Field, StringComparison.Ordinal));
            ulong effective = ulong.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, null);
            return (effective & (1UL << LockCapability)) != 0;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }
}
