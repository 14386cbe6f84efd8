using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HostNameForm = FastForward.Transport.Addressing.HostName;

namespace FastForward.Transport.Addressing;

/// <summary>
/// The address of an RDMA listener in the TCP port space: a host (name or IP address, found through an RDMA device's
/// network interface) or the GID of a port (InfiniBand Architecture Specification, volume 1, section 4.1), and a port
/// number. Immutable.
/// </summary>
public sealed class RdmaEndPoint : EndPoint, IEquatable<RdmaEndPoint>
{
    /// <summary>The bytes of a GID.</summary>
    public const int GidLength = 16;

    private const string GidPrefix = "0x";
    private const string GidExample = "0xfe8000000000000050800200008e4d39";

    private readonly byte[] _gid;

    private RdmaEndPoint(string? host, byte[] gid, int port)
    {
        if (AddressText.CheckPort(port) is { } problem)
            throw new ArgumentOutOfRangeException(nameof(port), port, problem);
        Host = host;
        _gid = gid;
        Port = port;
    }

    /// <summary>Creates an end point at a host.</summary>
    /// <param name="host">A host name or an IP address.</param>
    /// <param name="port">The port, 1..65535.</param>
    /// <exception cref="ArgumentException">The host is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The port is outside the range.</exception>
    public RdmaEndPoint(string host, int port)
        : this(host, [], port)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
    }

    /// <summary>Creates an end point at a GID.</summary>
    /// <param name="gid">The 16 bytes of the GID in network order; copied.</param>
    /// <param name="port">The port, 1..65535.</param>
    /// <exception cref="ArgumentException">The GID has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The port is outside the range.</exception>
    public RdmaEndPoint(ReadOnlySpan<byte> gid, int port)
        : this(null, gid.ToArray(), port)
    {
        if (gid.Length != GidLength)
            throw new ArgumentException($"A GID has {GidLength} bytes, not {gid.Length}.", nameof(gid));
    }

    /// <summary>The host name or IP address; null when the end point is a GID.</summary>
    public string? Host { get; }

    /// <inheritdoc/>
    public override AddressFamily AddressFamily => ToIPEndPoint()?.AddressFamily ?? AddressFamily.Unspecified;

    /// <summary>The host when it is a name, whose addresses have to be looked up; else null.</summary>
    internal string? HostName =>
        Host is { } host && HostNameForm.IsValid(host) && !IPAddress.TryParse(host, out _) ? host : null;

    /// <summary>The GID in network order; empty when the end point is a host.</summary>
    public ReadOnlySpan<byte> Gid => _gid;

    /// <summary>The port in the TCP port space of RDMA (RDMA_PS_TCP), 1..65535.</summary>
    public int Port { get; }

    /// <summary>
    /// Reads the address of a route: a host name, an IPv4 or IPv6 address, or a GID as <c>0x</c> and 32 hexadecimal
    /// digits. Never throws, whatever the text.
    /// </summary>
    /// <param name="text">The address as written.</param>
    /// <param name="port">The port, 1..65535.</param>
    /// <param name="endPoint">The end point; null when there is a problem.</param>
    /// <param name="problem">
    /// The field, what is wrong with it, and a valid example; null when the address is valid.
    /// </param>
    /// <returns>True when the address is valid.</returns>
    internal static bool TryParse(string? text, int port, out EndPoint? endPoint, out string? problem)
    {
        endPoint = null;
        if (
            text?.StartsWith(GidPrefix, StringComparison.OrdinalIgnoreCase) == true
            && !text.Contains('.', StringComparison.Ordinal)
        )
        {
            byte[] gid = [];
            problem = AddressText.CheckPort(port) ?? CheckGid(text, out gid);
            if (problem is null)
                endPoint = new RdmaEndPoint(gid, port);
        }
        else if (IpAddressText.TryParse(text, port, out EndPoint? ip, out problem))
        {
            endPoint = new RdmaEndPoint(ip is IPEndPoint literal ? literal.Address.ToString() : text!, port);
        }
        else if (string.IsNullOrEmpty(text))
        {
            problem += $" (or, by GID, {GidExample})";
        }

        return endPoint is not null;

        static string? CheckGid(string text, out byte[] gid)
        {
            gid = new byte[GidLength];
            ReadOnlySpan<char> digits = text.AsSpan(GidPrefix.Length);
            if (
                digits.Length != GidLength * 2
                || Convert.FromHexString(digits, gid, out _, out _) != System.Buffers.OperationStatus.Done
            )
                return $"address {AddressText.Quote(text)} is not a GID, which is 0x and 32 hexadecimal digits; "
                    + $"write for example {GidExample}";
            if (!gid.AsSpan().ContainsAnyExcept((byte)0))
                return $"address {AddressText.Quote(text)} is the reserved GID, which no port has; "
                    + $"write for example {GidExample}";
            return gid[0] == 0xFF
                ? $"address {AddressText.Quote(text)} is a multicast GID, and a route leads to one node; "
                    + $"write for example {GidExample}"
                : null;
        }
    }

    /// <summary>
    /// The address and port; a GID of RoCE is an IP address in another form, and one of InfiniBand looks like one. Null
    /// for a host name and for an interface that this machine does not have.
    /// </summary>
    internal IPEndPoint? ToIPEndPoint()
    {
        if (Host is null)
        {
            IPAddress gid = new(_gid);
            return new IPEndPoint(gid.IsIPv4MappedToIPv6 ? gid.MapToIPv4() : gid, Port);
        }

        return IPAddress.TryParse(Host, out IPAddress? address) ? new IPEndPoint(address, Port) : null;
    }

    /// <inheritdoc/>
    public bool Equals(RdmaEndPoint? other) =>
        other is not null
        && other.Port == Port
        && string.Equals(other.Host, Host, StringComparison.OrdinalIgnoreCase)
        && other.Gid.SequenceEqual(_gid);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RdmaEndPoint);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Host, StringComparer.OrdinalIgnoreCase);
        hash.AddBytes(_gid);
        hash.Add(Port);
        return hash.ToHashCode();
    }

    /// <summary>
    /// Such as <c>rdma:node7.example.net:54000</c>, <c>rdma:[2001:db8::7]:54000</c> or <c>rdma:0xfe80…:54000</c>.
    /// </summary>
    public override string ToString()
    {
        string place = Host switch
        {
            null => GidPrefix + Convert.ToHexStringLower(_gid),
            _ when Host.Contains(':', StringComparison.Ordinal) => $"[{Host}]",
            _ => Host,
        };
        return string.Create(CultureInfo.InvariantCulture, $"rdma:{place}:{Port}");
    }
}
