using System.Globalization;
using System.Net;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>A port of an RDMA device, as sysfs shows it (Documentation/ABI/stable/sysfs-class-infiniband).</summary>
/// <param name="Device">The name of the device, such as mlx5_0.</param>
/// <param name="Number">The number of the port, from 1.</param>
/// <param name="IsInfiniBand">Its link layer is InfiniBand; otherwise it is Ethernet.</param>
/// <param name="State">Its state, such as ACTIVE.</param>
/// <param name="Gids">Its GIDs with their types and network interfaces, without empty entries.</param>
internal sealed record RdmaDevicePort(
    string Device,
    int Number,
    bool IsInfiniBand,
    string State,
    IReadOnlyList<RdmaDevicePort.Gid> Gids
)
{
    private const int MostGids = 256;

    public bool IsActive => State == "ACTIVE";

    /// <summary>The ports of all devices.</summary>
    /// <param name="sysfs">The mount point of sysfs.</param>
    public static IReadOnlyList<RdmaDevicePort> ReadAll(string sysfs = "/sys")
    {
        string devices = Path.Combine(sysfs, "class/infiniband");
        return [.. Directories(devices).SelectMany(device => Directories(Path.Combine(device, "ports"))).Select(Read)];
    }

    private static RdmaDevicePort Read(string directory)
    {
        List<Gid> gids = [];
        for (int index = 0; index < MostGids; index++)
        {
            string text = ReadLine(Path.Combine(directory, "gids", Text(index)));
            if (text.Length == 0)
                break;
            if (!IPAddress.TryParse(text, out IPAddress? gid) || gid.Equals(IPAddress.IPv6Any))
                continue;
            string attributes = Path.Combine(directory, "gid_attrs");
            string type = ReadLine(Path.Combine(attributes, "types", Text(index)));
            gids.Add(new Gid(gid.GetAddressBytes(), type, ReadLine(Path.Combine(attributes, "ndevs", Text(index)))));
        }

        // "4: ACTIVE"
        string state = ReadLine(Path.Combine(directory, "state"));
        return new RdmaDevicePort(
            Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(directory)))!,
            int.Parse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture),
            ReadLine(Path.Combine(directory, "link_layer")) == "InfiniBand",
            state[(state.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim(),
            gids
        );
    }

    private static IEnumerable<string> Directories(string parent) =>
        Directory.Exists(parent) ? Directory.EnumerateDirectories(parent).Order(StringComparer.Ordinal) : [];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string ReadLine(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ""; // an entry of the table that is not in use
        }
    }

    /// <summary>An entry of the table of GIDs.</summary>
    /// <param name="Bytes">The GID.</param>
    /// <param name="Type">Such as "RoCE v2".</param>
    /// <param name="Interface">The network interface; empty on InfiniBand.</param>
    internal sealed record Gid(byte[] Bytes, string Type, string Interface);
}
