using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace FastForward.Host.Instances;

/// <summary>
/// A local address, for link-local ones with the name of the interface (its zone, RFC 4007, section 11). The name stays
/// a name: an interface may come after the file was read, and has another index each time it is made.
/// </summary>
/// <param name="Address">The address without its zone.</param>
/// <param name="Interface">The name or index of the interface; null for addresses that need none.</param>
internal sealed record ZonedAddress(IPAddress Address, string? Interface)
{
    // IFNAMSIZ of linux/if.h is 16, with the final 0.
    private const int LongestInterface = 15;

    public static implicit operator ZonedAddress(IPAddress address) => new(address, null);

    /// <summary>Reads an address as it is written in files.</summary>
    /// <param name="text">Such as <c>192.0.2.7</c>, <c>::1</c> or <c>fe80::7%eth0</c>.</param>
    /// <param name="address">The address; null when there is a problem.</param>
    /// <param name="problem">What is wrong; null when nothing is.</param>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out ZonedAddress? address,
        [NotNullWhen(false)] out string? problem
    )
    {
        int percent = text.IndexOf('%', StringComparison.Ordinal);
        string? zone = percent < 0 ? null : text[(percent + 1)..];
        string bare = percent < 0 ? text : text[..percent];
        // IPAddress reads "1" as 0.0.0.1.
        IPAddress? ip = null;
        problem =
            bare.AsSpan().ContainsAny('.', ':') && IPAddress.TryParse(bare, out ip)
                ? FindProblem(ip, zone)
                : "is no IP address";
        address = problem is null ? new ZonedAddress(ip!, zone) : null;
        return address is not null;
    }

    /// <summary>What is wrong with an address and its zone; null when nothing is.</summary>
    public static string? FindProblem(IPAddress address, string? zone)
    {
        if (zone is null)
            return address.IsIPv6LinkLocal ? "is link-local and names no interface, as fe80::7%eth0 does" : null;
        if (!address.IsIPv6LinkLocal)
            return "names an interface, which only link-local addresses (fe80::/10) have";
        return zone.Length is 0 or > LongestInterface || zone.AsSpan().ContainsAny("%/: ")
            ? "names no interface after the percent sign"
            : null;
    }

    /// <summary>The address with the index that the interface has at this moment.</summary>
    /// <exception cref="SocketException">The interface is missing; the message names it.</exception>
    public IPAddress Resolve() =>
        TryResolve()
        ?? throw new SocketException(
            (int)SocketError.AddressNotAvailable,
            $"this machine has no interface {Interface}"
        );

    /// <summary>The same, or null while the interface is missing.</summary>
    public IPAddress? TryResolve()
    {
        if (Interface is null)
            return Address;
        return IPAddress.TryParse($"{Address}%{Interface}", out IPAddress? scoped) && scoped.ScopeId != 0
            ? scoped
            : null;
    }

    public override string ToString() => Interface is null ? Address.ToString() : $"{Address}%{Interface}";
}
