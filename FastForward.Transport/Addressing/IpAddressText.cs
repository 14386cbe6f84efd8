using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FastForward.Transport.Addressing;

/// <summary>
/// The address of an IP route: a host name, an IPv4 address in dotted decimal, or an IPv6 address (RFC 4291, section
/// 2.2), with a zone (<c>fe80::7%eth0</c>, RFC 4007) where the address is link-local.
/// </summary>
internal static class IpAddressText
{
    // What the kernel refuses in names of interfaces (dev_valid_name), and control characters.
    private static readonly SearchValues<char> s_notInInterfaces = SearchValues.Create([
        .. Enumerable.Range(0, 33).Select(static code => (char)code),
        '/',
        ':',
        '%',
        '\u007f',
    ]);

    // IFNAMSIZ of linux/if.h is 16, with the final 0.
    private const int LongestInterface = 15;

    private const string Examples = "write for example 192.0.2.7, 2001:db8::7 or node7.example.net";

    /// <summary>
    /// Reads an address. A literal becomes an <see cref="IPEndPoint"/>, a host name a <see cref="DnsEndPoint"/>, and a
    /// literal with the name of an interface a <see cref="LinkLocalEndPoint"/>. The last two are resolved at each
    /// attempt to connect. Never throws, whatever the text.
    /// </summary>
    /// <param name="text">The address as written.</param>
    /// <param name="port">The port, 1..65535.</param>
    /// <param name="endPoint">The end point; null when there is a problem.</param>
    /// <param name="problem">
    /// The field, what is wrong with it, and a valid example; null when the address is valid.
    /// </param>
    public static bool TryParse(string? text, int port, out EndPoint? endPoint, out string? problem)
    {
        endPoint = null;
        IPAddress? address = null;
        problem = AddressText.CheckPort(port) ?? CheckAddress(text, out address);
        if (problem is not null)
            return false;
        endPoint =
            address is null ? new DnsEndPoint(text!, port)
            : address.IsIPv6LinkLocal && address.ScopeId == 0
                ? new LinkLocalEndPoint(address, text![(text!.IndexOf('%', StringComparison.Ordinal) + 1)..], port)
            : new IPEndPoint(address, port);
        return true;

        static string? CheckAddress(string? text, out IPAddress? address)
        {
            address = null;
            if (string.IsNullOrEmpty(text))
                return $"address is empty; {Examples}";
            if (text.Contains(':'))
                return CheckIPv6(text, out address);
            if (TryParseIPv4(text, out address))
                return CheckUsable(text, address!);
            if (HostName.IsValid(text))
                return null;
            if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
                return $"address {AddressText.Quote(text)} looks like a GID (0x and 32 hexadecimal digits), "
                    + $"which only FORWARD_TRANSPORT_RDMA accepts; {Examples}";
            return $"address {AddressText.Quote(text)} is neither an IPv4 or IPv6 address nor a host name; {Examples}";
        }
    }

    // IPAddress.TryParse also accepts "1", "010.0.0.1" (octal) and "0x7f.1", which are mistakes in a route.
    private static bool TryParseIPv4(string text, out IPAddress? address)
    {
        address = null;
        Span<byte> bytes = stackalloc byte[4];
        int count = 0;
        foreach (Range range in text.AsSpan().Split('.'))
        {
            ReadOnlySpan<char> part = text.AsSpan(range);
            if (count == 4 || part.Length > 3 || !AddressText.IsDigits(part) || (part.Length > 1 && part[0] == '0'))
                return false;
            int value = 0;
            foreach (char digit in part)
                value = (value * 10) + (digit - '0');
            if (value > 255)
                return false;
            bytes[count++] = (byte)value;
        }

        if (count != 4)
            return false;
        address = new IPAddress(bytes);
        return true;
    }

    private static string? CheckIPv6(string text, out IPAddress? address)
    {
        int zone = text.IndexOf('%', StringComparison.Ordinal);
        if (
            text.Contains('[', StringComparison.Ordinal)
            || text.Contains('/', StringComparison.Ordinal)
            || !IPAddress.TryParse(zone < 0 ? text : text.AsSpan(0, zone), out address)
            || address.AddressFamily != AddressFamily.InterNetworkV6
        )
        {
            address = null;
            return $"address {AddressText.Quote(text)} is not an IPv6 address "
                + $"(without port, which has a field of its own, brackets or prefix length); {Examples}";
        }

        if (address.IsIPv4MappedToIPv6 && zone < 0)
        {
            // The IPv6 socket is V6ONLY: the IPv4 one reaches it.
            address = address.MapToIPv4();
            return CheckUsable(text, address);
        }

        if (!address.IsIPv6LinkLocal)
        {
            return zone < 0
                ? CheckUsable(text, address)
                : $"address {AddressText.Quote(text)} has a zone, which only link-local addresses (fe80::/10) have; "
                    + "write for example 2001:db8::7 or fe80::7%eth0";
        }

        if (zone < 0)
            return $"address {AddressText.Quote(text)} is link-local and does not name an interface; "
                + "write for example fe80::7%eth0";
        ReadOnlySpan<char> name = text.AsSpan(zone + 1);
        bool isGood = AddressText.IsDigits(name)
            ? uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint index) && index > 0
            : name.Length is > 0 and <= LongestInterface && !name.ContainsAny(s_notInInterfaces);
        if (!isGood)
        {
            address = null;
            return $"address {AddressText.Quote(text)} names no interface; "
                + "write for example fe80::7%eth0 or, by index, fe80::7%2";
        }

        if (AddressText.IsDigits(name))
            address = IPAddress.Parse(text);
        return null;
    }

    private static string? CheckUsable(string text, IPAddress address)
    {
        bool v4 = address.AddressFamily == AddressFamily.InterNetwork;
        ReadOnlySpan<byte> bytes = address.GetAddressBytes();
        string? what = v4 switch
        {
            true when bytes[0] == 0 => "is not the address of a machine (0.0.0.0/8 means \"this network\")",
            true when bytes[0] is >= 224 and < 240 => "is a multicast address, and a route leads to one node",
            true when bytes[0] >= 240 => "is a reserved or broadcast address (240.0.0.0/4)",
            false when address.Equals(IPAddress.IPv6Any) => "is the unspecified address, which leads nowhere",
            false when address.IsIPv6Multicast => "is a multicast address, and a route leads to one node",
            _ => null,
        };
        return what is null ? null : $"address {AddressText.Quote(text)} {what}; {Examples}";
    }
}
