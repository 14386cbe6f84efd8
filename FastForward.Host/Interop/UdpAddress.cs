using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace FastForward.Host.Interop;

/// <summary>
/// A <c>sockaddr_in</c> or <c>sockaddr_in6</c> as the kernel writes it, as a value that can be compared and looked up.
/// Unused bytes are zero.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct UdpAddress : IEquatable<UdpAddress>
{
    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    /// <summary>Room for the longest of the forms.</summary>
    public const uint Capacity = 32;

    /// <summary>The length of the form in use; 0 for one that is neither.</summary>
    public uint Length =>
        (ushort)_first switch
        {
            2 => 16,
            10 => 28,
            _ => 0,
        };

    public bool Equals(UdpAddress other) =>
        _first == other._first && _second == other._second && _third == other._third && _fourth == other._fourth;

    public override bool Equals(object? obj) => obj is UdpAddress other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_first, _second, _third, _fourth);

    /// <summary>Address and port, for people.</summary>
    public override string ToString()
    {
        bool six = Length == 28;
        SocketAddress address = new(six ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, six ? 28 : 16);
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<UdpAddress>(in this));
        bytes[2..address.Size].CopyTo(address.Buffer.Span[2..]);
        IPEndPoint any = new(six ? IPAddress.IPv6Any : IPAddress.Any, 0);
        return any.Create(address).ToString()!;
    }
}
