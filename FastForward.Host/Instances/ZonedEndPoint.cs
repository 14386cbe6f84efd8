using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FastForward.Host.Instances;

/// <summary>An address of an instance file with a port.</summary>
internal sealed record ZonedEndPoint(ZonedAddress Address, int Port)
{
    public static implicit operator ZonedEndPoint(IPEndPoint endPoint) => new(endPoint.Address, endPoint.Port);

    /// <summary>Reads an address with its port as it is written in files.</summary>
    /// <param name="text">Such as <c>192.0.2.7:53</c> or <c>[fe80::7%eth0]:53</c>.</param>
    /// <param name="endPoint">The end point; null when there is a problem.</param>
    /// <param name="problem">What is wrong; null when nothing is.</param>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out ZonedEndPoint? endPoint,
        [NotNullWhen(false)] out string? problem
    )
    {
        int percent = text.IndexOf('%', StringComparison.Ordinal);
        int close = text.IndexOf(']', StringComparison.Ordinal);
        string? zone = percent >= 0 && close > percent ? text[(percent + 1)..close] : null;
        string bare = zone is null ? text : text.Remove(percent, close - percent);
        // IPEndPoint would read "5300" as the address 0.0.20.180, and "%eth0" without brackets as an index.
        bool isAddress = bare.AsSpan().ContainsAny('.', ':') && !bare.Contains('%', StringComparison.Ordinal);
        IPEndPoint? ip = null;
        problem =
            !isAddress || !IPEndPoint.TryParse(bare, out ip) ? "is no IP address with a port"
            : ip.Port == 0 ? "has no port"
            : ZonedAddress.FindProblem(ip.Address, zone);
        endPoint = problem is null ? new ZonedEndPoint(new ZonedAddress(ip!.Address, zone), ip.Port) : null;
        return endPoint is not null;
    }

    /// <summary>The end point with the index that the interface has at this moment.</summary>
    /// <exception cref="SocketException">The interface is missing; the message names it.</exception>
    public IPEndPoint Resolve() => new(Address.Resolve(), Port);

    /// <summary>The same, or null while the interface is missing.</summary>
    public IPEndPoint? TryResolve() => Address.TryResolve() is { } address ? new IPEndPoint(address, Port) : null;

    public override string ToString() =>
        Address.Address.AddressFamily == AddressFamily.InterNetworkV6
            ? string.Create(CultureInfo.InvariantCulture, $"[{Address}]:{Port}")
            : string.Create(CultureInfo.InvariantCulture, $"{Address}:{Port}");
}
