using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace FastForward.Transport;

/// <summary>
/// Where frames come from, as far as the medium shows it. Equal values are the same place; a place without any mark,
/// as on a medium that reports nothing, equals every other one of its kind.
/// </summary>
internal readonly record struct LinkSource
{
    private readonly uint? _userId;
    private readonly uint? _contextId;
    private readonly UInt128 _address;
    private readonly uint _scopeId;
    private readonly ushort _port;

    private LinkSource(uint? userId, uint? contextId)
    {
        _userId = userId;
        _contextId = contextId;
    }

    private LinkSource(UInt128 address, ushort port, uint scopeId)
    {
        HasAddress = true;
        _address = address;
        _port = port;
        _scopeId = scopeId;
    }

    /// <summary>The user id that the kernel reports.</summary>
    public uint? UserId => _userId;

    /// <summary>The context id that the kernel reports.</summary>
    public uint? ContextId => _contextId;

    /// <summary>It is an IP address and port.</summary>
    public bool HasAddress { get; }

    /// <summary>The IP port; 0 on other media, and from a sender that cannot be answered.</summary>
    public int Port => _port;

    /// <summary>A holder of the node's key, wherever it is.</summary>
    public static LinkSource KeyHolder { get; } = new() { HasKey = true };

    /// <summary>It has proven the node's key.</summary>
    public bool HasKey { get; private init; }

    /// <summary>3 for a key, 2 when the kernel vouches for the user or the machine, 1 for an address.</summary>
    public int Strength =>
        HasKey ? 3
        : _userId is not null || _contextId is not null ? 2
        : 1;

    /// <summary>Bytes that <see cref="Write"/> writes.</summary>
    public const int Length = 32;

    /// <summary>Writes the place so that other places give other bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, _address);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], _scopeId);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], _userId ?? 0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[24..], _contextId ?? 0);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[28..], _port);
        bytes[30] = (byte)(
            (HasAddress ? 1 : 0) | (_userId is null ? 0 : 2) | (_contextId is null ? 0 : 4) | (HasKey ? 8 : 0)
        );
        bytes[31] = 0;
    }

    public static LinkSource Of(LinkTraits traits, System.Net.EndPoint remote) =>
        traits.Credentials is { } credentials ? new LinkSource(credentials.UserId, credentials.ContextId)
        : remote is IPEndPoint ip ? OfAddress(ip)
        : default;

    public static LinkSource OfUser(uint userId) => new(userId, null);

    public static LinkSource OfMachine(uint contextId) => new(null, contextId);

    public static LinkSource OfAddress(IPEndPoint endPoint)
    {
        Span<byte> bytes = stackalloc byte[16];
        endPoint.Address.MapToIPv6().TryWriteBytes(bytes, out _);
        bool isScoped = endPoint.Address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv6LinkLocal: true };
        return OfAddress(bytes, (ushort)endPoint.Port, isScoped ? (uint)endPoint.Address.ScopeId : 0);
    }

    /// <param name="address">16 bytes; an IPv4 address is mapped (RFC 4291, 2.5.5.2).</param>
    /// <param name="port">The port.</param>
    /// <param name="scopeId">The interface of a link-local address; else 0.</param>
    public static LinkSource OfAddress(ReadOnlySpan<byte> address, ushort port, uint scopeId) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(address), port, scopeId);

    /// <summary>
    /// Whether an IP source is the given place: the same address, and where the port identifies a process, the same
    /// port. A translator between two machines may change the port.
    /// </summary>
    /// <param name="place">The place.</param>
    /// <param name="comparesPort">The source is on this machine.</param>
    public bool IsAt(IPEndPoint place, bool comparesPort)
    {
        LinkSource other = OfAddress(place);
        return IsAt(other) && (_port == other._port || !comparesPort);
    }

    /// <summary>The same address with no port, or no mark at all on media without addresses.</summary>
    public LinkSource WithoutPort => HasAddress ? new LinkSource(_address, 0, _scopeId) : default;

    /// <summary>Whether an IP source has the address of the given place, whatever the ports.</summary>
    public bool IsAt(in LinkSource place) =>
        HasAddress
        && place.HasAddress
        && _address == place._address
        && (_scopeId == place._scopeId || place._scopeId == 0);

    public override string ToString() =>
        HasKey ? "a holder of its key"
        : _userId is { } user ? $"user id {user}"
        : _contextId is { } machine ? $"context id {machine}"
        : HasAddress ? EndPoint!.ToString()
        : "an unknown place";

    /// <summary>The IP address and port; null on other media. Allocates.</summary>
    public IPEndPoint? EndPoint => HasAddress ? new IPEndPoint(Address, _port) : null;

    /// <summary>The IP address. Allocates.</summary>
    public IPAddress Address
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(bytes, _address);
            IPAddress address = new(bytes, _scopeId);
            return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        }
    }
}
