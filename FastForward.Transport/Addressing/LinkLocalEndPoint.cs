using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FastForward.Transport.Addressing;

/// <summary>
/// A link-local IPv6 address with the name of the interface that leads to it (<c>fe80::7%eth0</c>, RFC 4007, section
/// 11). The name stays a name: an interface may come after the start, and has another index each time it is made.
/// Immutable.
/// </summary>
internal sealed class LinkLocalEndPoint(IPAddress address, string interfaceName, int port)
    : EndPoint,
        IEquatable<LinkLocalEndPoint>
{
    private readonly IPAddress _address = address;

    /// <summary>The address, without a zone.</summary>
    public IPAddress Address => _address;

    /// <summary>The name of the interface.</summary>
    public string Interface { get; } = interfaceName;

    /// <summary>The port, 1..65535.</summary>
    public int Port { get; } = port;

    /// <inheritdoc/>
    public override AddressFamily AddressFamily => AddressFamily.InterNetworkV6;

    /// <summary>The end point with the index that the interface has at this moment; null when there is none.</summary>
    public IPEndPoint? Resolve() =>
        IPAddress.TryParse($"{_address}%{Interface}", out IPAddress? scoped) && scoped.ScopeId != 0
            ? new IPEndPoint(scoped, Port)
            : null;

    /// <inheritdoc/>
    public bool Equals(LinkLocalEndPoint? other) =>
        other is not null
        && other._address.Equals(_address)
        && string.Equals(other.Interface, Interface, StringComparison.Ordinal)
        && other.Port == Port;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LinkLocalEndPoint);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_address, Interface, Port);

    /// <summary>Such as <c>[fe80::7%eth0]:54000</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"[{_address}%{Interface}]:{Port}");
}
