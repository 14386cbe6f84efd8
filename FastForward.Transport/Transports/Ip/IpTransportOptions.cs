using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Ip;

/// <summary>Settings of an <see cref="IpTransport"/>.</summary>
public sealed class IpTransportOptions
{
    /// <summary>
    /// IPv6 links carry packets of 1280 bytes (RFC 8200, section 5); 1200 leaves room for headers and tunnels.
    /// </summary>
    internal const int SmallestFrame = 1200;

    /// <summary>The Ethernet MTU of 1500 bytes less the IPv6 (40) and UDP (8) headers.</summary>
    internal const int LargestFrame = 1452;

    /// <summary>The most local addresses; there is a socket for each.</summary>
    public const int MostAddresses = 8;

    /// <summary>
    /// The UDP port, 1..65535, the same for all addresses. Default 0: any free port, for tests only, since peers must
    /// know the port.
    /// </summary>
    public int Port { get; set; }

    /// <summary>
    /// The local addresses, at most 8. Default: all of both families (0.0.0.0 and ::). Name them on machines where the
    /// port must not be reachable from every network, and where a node has several networks to other nodes: each pair
    /// of a local and a remote address is a path of its own then (<see cref="ForwardNodeOptions.MaxPaths"/>).
    /// </summary>
    public IReadOnlyList<IPAddress> Addresses { get; set; } = [IPAddress.Any, IPAddress.IPv6Any];

    /// <summary>
    /// Marks frames committed as real-time with DSCP EF (46, RFC 3246), so that networks which honour it forward them
    /// first. Default false: some networks drop marked packets or charge for them.
    /// </summary>
    public bool MarkRealTime { get; set; }

    /// <summary>
    /// Lets the kernel cut and join runs of datagrams (UDP_SEGMENT, Linux 4.18, and UDP_GRO, Linux 5.0; udp(7)), which
    /// is many times faster under load. Default true; where a kernel or device does not support it, datagrams are sent
    /// one by one. Set it to false where traffic control on this machine (tc) must see single datagrams: it handles,
    /// and drops, a run as one packet.
    /// </summary>
    public bool SegmentationOffload { get; set; } = true;

    /// <summary>
    /// The largest datagram payload sent and accepted, in bytes, 1200..1452. Default 1200, which every IPv6 path
    /// carries. Datagrams are never fragmented: those longer than the path MTU less headers are lost.
    /// </summary>
    public int MaxFrameSize { get; set; } = SmallestFrame;

    /// <summary>
    /// Socket receive buffer in bytes, per address family. Default 4 MiB; the kernel grants at most
    /// <c>net.core.rmem_max</c>. If it is too small, bursts are lost while the process is busy.
    /// </summary>
    public int ReceiveBufferSize { get; set; } = ReceiveBuffer.DefaultBytes;

    /// <summary>
    /// Socket send buffer in bytes, per address family. Default 1 MiB; the kernel grants at most
    /// <c>net.core.wmem_max</c>.
    /// </summary>
    public int SendBufferSize { get; set; } = 1 << 20;

    internal void Validate()
    {
        string problems = string.Join(' ', FindProblems());
        if (problems.Length > 0)
            throw new TransportException(problems);
    }

    /// <summary>All problems: each names the option, the problem, and a valid example.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (Port is < 0 or > 65535)
            yield return $"Port: {Port} is outside 0..65535; 30100 is an example.";
        if (Addresses is null || Addresses.Count == 0)
            yield return "Addresses: the list is empty; name an address, or 0.0.0.0 for all of IPv4.";
        if (Addresses?.Count > MostAddresses)
            yield return $"Addresses: the list holds {Addresses.Count} addresses; there is a socket for each, and at "
                + $"most {MostAddresses}: use 0.0.0.0 or :: for all of a family.";
        foreach (IPAddress address in Addresses ?? [])
        {
            AddressFamily family = address.AddressFamily;
            IPAddress[] sameFamily = [.. Addresses!.Where(other => other.AddressFamily == family)];
            bool isFirst = ReferenceEquals(address, sameFamily[0]);
            if (isFirst && sameFamily.Distinct().Count() < sameFamily.Length)
                yield return $"Addresses: {string.Join(", ", Addresses!)} holds an address twice; name each once.";
            else if (sameFamily.Length > 1 && IpAddresses.IsAny(address))
                yield return $"Addresses: {string.Join(", ", Addresses!)} holds {address}, which stands for all "
                    + $"{(family == AddressFamily.InterNetwork ? "IPv4" : "IPv6")} addresses, beside one of them; "
                    + $"name either {address} or single ones.";
        }

        if (MaxFrameSize is < SmallestFrame or > LargestFrame)
            yield return $"MaxFrameSize: {MaxFrameSize} is outside {SmallestFrame}..{LargestFrame}; "
                + "1200 passes everywhere.";
        if (ReceiveBufferSize is < 65_536 or > 1 << 30)
            yield return $"ReceiveBufferSize: {ReceiveBufferSize} is outside 65536..1073741824; "
                + "4194304 is a good value.";
        if (SendBufferSize is < 65_536 or > 1 << 30)
            yield return $"SendBufferSize: {SendBufferSize} is outside 65536..1073741824; 1048576 is a good value.";
    }
}
