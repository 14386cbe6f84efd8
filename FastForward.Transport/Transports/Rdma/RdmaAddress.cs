using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// From an end point to the socket address that librdmacm takes. A GID of RoCE is an IP address in another form: the
/// kernel makes the GIDs of a port from the addresses of its network interface. A GID of InfiniBand needs an address of
/// its own (AF_IB), which the kernel accepts on InfiniBand only.
/// </summary>
internal static unsafe class RdmaAddress
{
    /// <summary>The bytes of the longest address.</summary>
    public const int Length = 48;

    private const ushort AnyPartition = 0xFFFF;

    /// <summary>Whether an address is one of InfiniBand.</summary>
    public static bool IsInfiniBand(ReadOnlySpan<byte> address) => MemoryMarshal.Read<ushort>(address) == RdmaCm.AF_IB;

    /// <summary>Makes the socket address of an end point, whose host must be an IP address.</summary>
    /// <param name="endPoint">The end point.</param>
    /// <param name="readPorts">The ports of this machine's devices, read for a GID.</param>
    /// <param name="target">Gets the address; <see cref="Length"/> bytes.</param>
    /// <returns>Null, or what is wrong, as a clause.</returns>
    public static string? Write(RdmaEndPoint endPoint, Func<IReadOnlyList<RdmaDevicePort>> readPorts, Span<byte> target)
    {
        target[..Length].Clear();
        if (endPoint.Host is { } host)
            return WriteHost(host, endPoint.Port, target);
        IReadOnlyList<RdmaDevicePort> ports = readPorts();
        ReadOnlySpan<byte> gid = endPoint.Gid;
        if (IsOfInfiniBand(gid, ports))
            return WriteInfiniBand(gid, endPoint.Port, target);
        IPAddress address = new(gid);
        if (address.IsIPv4MappedToIPv6)
        {
            WriteIp(address.MapToIPv4(), endPoint.Port, target);
            return null;
        }

        if (!address.IsIPv6LinkLocal)
        {
            WriteIp(address, endPoint.Port, target);
            return null;
        }

        string[] interfaces = InterfacesOf(ports);
        if (interfaces.Length != 1)
            return interfaces.Length == 0
                ? $"the GID {endPoint} is link-local, and no port of an RDMA device here has a network interface"
                : $"the GID {endPoint} is link-local and does not say which of the interfaces "
                    + $"{string.Join(", ", interfaces)} leads to it; write it as an IPv6 address with an interface, "
                    + $"{address}%{interfaces[0]} for example";
        return WriteHost($"{address}%{interfaces[0]}", endPoint.Port, target);
    }

    /// <summary>Writes an IP address as struct sockaddr_in or sockaddr_in6.</summary>
    public static void WriteIp(IPAddress address, int port, Span<byte> target)
    {
        target[..Length].Clear();
        ushort networkPort = BinaryPrimitives.ReverseEndianness((ushort)port);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            LibC.Ipv4SocketAddress v4 = new()
            {
                Family = LibC.AF_INET,
                Port = networkPort,
                Address = MemoryMarshal.Read<uint>(bytes),
            };
            MemoryMarshal.Write(target, v4);
            return;
        }

        LibC.Ipv6SocketAddress v6 = new()
        {
            Family = LibC.AF_INET6,
            Port = networkPort,
            Address = MemoryMarshal.Read<LibC.Ipv6Address>(bytes),
            ScopeId = address.IsIPv6LinkLocal ? (uint)address.ScopeId : 0,
        };
        MemoryMarshal.Write(target, v6);
    }

    /// <summary>Reads a socket address, a GID as an IPv6 address; null when it is of another kind.</summary>
    public static IPEndPoint? Read(ushort* address)
    {
        switch (*address)
        {
            case LibC.AF_INET:
                LibC.Ipv4SocketAddress* v4 = (LibC.Ipv4SocketAddress*)address;
                return new IPEndPoint(v4->Address, BinaryPrimitives.ReverseEndianness(v4->Port));
            case LibC.AF_INET6:
                LibC.Ipv6SocketAddress* v6 = (LibC.Ipv6SocketAddress*)address;
                IPAddress ip = new(new ReadOnlySpan<byte>(&v6->Address, 16), v6->ScopeId);
                if (!ip.IsIPv6LinkLocal)
                    ip = new IPAddress(ip.GetAddressBytes());
                return new IPEndPoint(
                    ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip,
                    BinaryPrimitives.ReverseEndianness(v6->Port)
                );
            case RdmaCm.AF_IB:
                RdmaCm.InfiniBandAddress* ib = (RdmaCm.InfiniBandAddress*)address;
                return new IPEndPoint(
                    new IPAddress(new ReadOnlySpan<byte>(&ib->GidHigh, RdmaEndPoint.GidLength)),
                    (ushort)BinaryPrimitives.ReverseEndianness(ib->Service)
                );
            default:
                return null;
        }
    }

    private static string? WriteHost(string host, int port, Span<byte> target)
    {
        if (!IPAddress.TryParse(host, out IPAddress? address))
            return host.Contains('%', StringComparison.Ordinal)
                ? $"{host}: this machine has no such network interface"
                : $"{host} is not an IP address, and host names are resolved by the node";
        if (address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv6LinkLocal: true, ScopeId: 0 })
            return $"{host}: this machine has no such network interface";
        WriteIp(address, port, target);
        return null;
    }

    // A GID is one of InfiniBand when a port here has the same subnet prefix, as all ports that it can reach have.
    private static bool IsOfInfiniBand(ReadOnlySpan<byte> gid, IReadOnlyList<RdmaDevicePort> ports)
    {
        const int PrefixLength = 8;
        foreach (RdmaDevicePort port in ports)
        {
            if (!port.IsInfiniBand)
                continue;
            foreach (RdmaDevicePort.Gid own in port.Gids)
            {
                if (own.Bytes.AsSpan(0, PrefixLength).SequenceEqual(gid[..PrefixLength]))
                    return true;
            }
        }

        return false;
    }

    private static string? WriteInfiniBand(ReadOnlySpan<byte> gid, int port, Span<byte> target)
    {
        const int ServiceShift = 16; // RDMA_IB_IP_PS_TCP is RDMA_PS_TCP above the port
        RdmaCm.InfiniBandAddress address = new()
        {
            Family = RdmaCm.AF_IB,
            PartitionKey = AnyPartition,
            GidHigh = MemoryMarshal.Read<ulong>(gid),
            GidLow = MemoryMarshal.Read<ulong>(gid[8..]),
            Service = BinaryPrimitives.ReverseEndianness(((ulong)RdmaCm.RDMA_PS_TCP << ServiceShift) + (ulong)port),
            ServiceMask = ulong.MaxValue,
        };
        MemoryMarshal.Write(target, address);
        return null;
    }

    private static string[] InterfacesOf(IReadOnlyList<RdmaDevicePort> ports) =>
        [
            .. ports
                .Where(static port => !port.IsInfiniBand)
                .SelectMany(static port => port.Gids)
                .Select(static gid => gid.Interface)
                .Where(static name => name.Length > 0)
                .Distinct(StringComparer.Ordinal),
        ];
}
