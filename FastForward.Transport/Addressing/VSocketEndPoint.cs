using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FastForward.Transport.Addressing;

/// <summary>
/// An address of the AF_VSOCK family (vsock(7)): the context id of a machine on its hypervisor, and a port. Immutable.
/// </summary>
public sealed class VSocketEndPoint : EndPoint, IEquatable<VSocketEndPoint>
{
    /// <summary>VMADDR_CID_LOCAL (linux/vm_sockets.h): this machine, where the kernel has vsock_loopback.</summary>
    public const uint LocalCid = 1;

    /// <summary>VMADDR_CID_HOST (linux/vm_sockets.h): the host, as its guests see it.</summary>
    public const uint HostCid = 2;

    /// <summary>VMADDR_CID_ANY (linux/vm_sockets.h): every address of this machine; only for listening.</summary>
    public const uint AnyCid = 0xFFFF_FFFF;

    // VMADDR_CID_HYPERVISOR (linux/vm_sockets.h): services of the hypervisor itself, which is no peer.
    private const uint HypervisorCid = 0;

    private const string Examples = "write for example 2 for the host, or 3 for a guest (its guest-cid)";

    /// <summary>Creates an end point.</summary>
    /// <param name="cid">The context id.</param>
    /// <param name="port">
    /// The port, 1..65535, like those of other media, although the family has 32 bits for it.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The port is outside the range.</exception>
    public VSocketEndPoint(uint cid, int port)
    {
        if (AddressText.CheckPort(port) is { } problem)
            throw new ArgumentOutOfRangeException(nameof(port), port, problem);
        Cid = cid;
        Port = port;
    }

    /// <summary>The context id of the machine.</summary>
    public uint Cid { get; }

    /// <summary>The port, 1..65535.</summary>
    public int Port { get; }

    /// <summary>AF_VSOCK, 40 (bits/socket.h), which .NET neither names nor supports.</summary>
    public override AddressFamily AddressFamily => (AddressFamily)40;

    /// <summary>Reads the address of a route: a context id in decimal. Never throws, whatever the text.</summary>
    /// <param name="text">The address as written.</param>
    /// <param name="port">The port, 1..65535.</param>
    /// <param name="endPoint">The end point; null when there is a problem.</param>
    /// <param name="problem">
    /// The field, what is wrong with it, and a valid example; null when the address is valid.
    /// </param>
    /// <returns>True when a node can be reached at the address.</returns>
    internal static bool TryParse(string? text, int port, out EndPoint? endPoint, out string? problem)
    {
        endPoint = null;
        uint cid = 0;
        problem = AddressText.CheckPort(port) ?? CheckCid(text, out cid);
        if (problem is not null)
            return false;
        endPoint = new VSocketEndPoint(cid, port);
        return true;

        static string? CheckCid(string? text, out uint cid)
        {
            cid = 0;
            if (string.IsNullOrEmpty(text))
                return $"address is empty, but must be the context id of the machine; {Examples}";
            if (
                !AddressText.IsDigits(text)
                || (text.Length > 1 && text[0] == '0')
                || !uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out cid)
            )
                return $"address {AddressText.Quote(text)} is not a context id, "
                    + $"which is a decimal number without leading zeros, below 4294967295; {Examples}";
            return cid switch
            {
                AnyCid =>
                    $"address {AddressText.Quote(text)} means any machine (VMADDR_CID_ANY), and a route leads to one; "
                        + Examples,
                HypervisorCid => $"address {AddressText.Quote(text)} is the hypervisor itself (VMADDR_CID_HYPERVISOR), "
                    + $"where no node can run; {Examples}",
                _ => null,
            };
        }
    }

    /// <inheritdoc/>
    public bool Equals(VSocketEndPoint? other) => other is not null && other.Cid == Cid && other.Port == Port;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VSocketEndPoint);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Cid, Port);

    /// <summary>Such as <c>vsock:3:54000</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"vsock:{Cid}:{Port}");
}
