using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tarantool.Client;

/// <summary>Parses the addresses that the server's own tools use, such as <c>user:password@host:3301</c>.</summary>
internal static class AddressParser
{
    private const string Scheme = "tarantool://";
    private const string UnixPrefix = "unix/:";
    private const int DefaultPort = 3301;

    public static TarantoolClientOptions Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        ReadOnlySpan<char> rest = address.AsSpan().Trim();
        if (rest.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            rest = rest[Scheme.Length..];

        TarantoolClientOptions options = new();
        int path = rest.IndexOf(UnixPrefix, StringComparison.Ordinal);
        int at = (path < 0 ? rest : rest[..path]).LastIndexOf('@');
        if (at >= 0)
        {
            SetUser(options, rest[..at]);
            rest = rest[(at + 1)..];
        }

        List<EndPoint> endPoints = [];
        foreach (Range range in rest.Split(','))
            endPoints.Add(EndPointOf(rest[range].Trim(), isFirst: endPoints.Count == 0));
        if (endPoints.Distinct().Count() != endPoints.Count)
            throw new FormatException("The list contains an address twice. Remove one.");
        options.EndPoints = endPoints;
        return options;
    }

    private static EndPoint EndPointOf(ReadOnlySpan<char> text, bool isFirst)
    {
        if (text.StartsWith(UnixPrefix, StringComparison.Ordinal))
            return UnixEndPoint(text[UnixPrefix.Length..]);
        if (!isFirst && text.Contains('@'))
            throw UserInTheMiddle();
        if (!isFirst && text.IsEmpty)
            throw new FormatException("An address of the list is empty. Write host1:3301,host2:3301.");
        return InternetEndPoint(text.TrimEnd('/'));
    }

    private static FormatException UserInTheMiddle() =>
        new(
            "User and password apply to all addresses: write them once, before the first one, as in "
                + "user:password@host1:3301,host2:3301. Write a comma in them as %2C."
        );

    private static void SetUser(TarantoolClientOptions options, ReadOnlySpan<char> user)
    {
        if (user.Contains(','))
            throw UserInTheMiddle();
        int colon = user.IndexOf(':');
        options.UserName = Uri.UnescapeDataString(colon < 0 ? user : user[..colon]);
        if (colon >= 0)
            options.Password = Uri.UnescapeDataString(user[(colon + 1)..]);
        if (options.UserName.Length == 0)
            throw new FormatException(
                "The user name before '@' is empty. Write user:password@host:3301, or host:3301 for guest access."
            );
    }

    private static UnixDomainSocketEndPoint UnixEndPoint(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty)
            throw new FormatException("The UNIX socket path is empty. Write unix/:/run/tarantool/instance.sock.");
        try
        {
            return new UnixDomainSocketEndPoint(path.ToString());
        }
        catch (ArgumentException exception)
        {
            throw new FormatException("The UNIX socket path is not valid (Linux allows at most 107 bytes).", exception);
        }
    }

    private static EndPoint InternetEndPoint(ReadOnlySpan<char> text)
    {
        int closing = text.LastIndexOf(']');
        int colon = text.LastIndexOf(':');
        bool hasPort = colon > closing && (closing >= 0 || text.IndexOf(':') == colon);
        int port = hasPort ? Port(text[(colon + 1)..]) : DefaultPort;
        string host = (hasPort ? text[..colon] : text).ToString();
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            // IPAddress.TryParse accepts "3301" as 0.0.12.229 and "::1:3301" as an IPv6 address ending in 3301.
            if (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != host)
                throw new FormatException(
                    "The host is a bare number or an IPv4 address without four decimal parts. "
                        + "Write localhost:3301 or 127.0.0.1:3301."
                );
            if (address.AddressFamily == AddressFamily.InterNetworkV6 && closing < 0)
                throw new FormatException(
                    "An IPv6 address must be in brackets to separate it from the port. Write [::1]:3301."
                );
            // An interface name is resolved at each attempt: the interface may come later, or again with another index.
            return host.Contains('%', StringComparison.Ordinal)
                ? new DnsEndPoint(host.Trim('[', ']'), port)
                : new IPEndPoint(address, port);
        }

        if (host.Length == 0 || Uri.CheckHostName(host) != UriHostNameType.Dns)
            throw new FormatException(
                "The host is missing or not a valid name. Write host:3301, [::1]:3301 or unix/:/path."
            );
        return new DnsEndPoint(host, port);
    }

    private static int Port(ReadOnlySpan<char> text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port != 0
            ? port
            : throw new FormatException(
                "The port after the last ':' is not a number from 1 to 65535. Write host:3301."
            );
}
