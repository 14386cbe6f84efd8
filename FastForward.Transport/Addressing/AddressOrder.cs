using System.Net;
using System.Net.Sockets;
using System.Numerics;

namespace FastForward.Transport.Addressing;

/// <summary>The order in which addresses are tried.</summary>
internal static class AddressOrder
{
    /// <summary>
    /// How well a local address suits a remote one of its family: the bits that they begin with alike (RFC 6724,
    /// section 5, rule 9); below 0 when one of them is of this machine or this link only and the other one is not.
    /// </summary>
    public static int Match(IPAddress local, IPAddress remote)
    {
        if (IPAddress.IsLoopback(local) != IPAddress.IsLoopback(remote) || IsOfLink(local) != IsOfLink(remote))
            return -1;
        byte[] left = local.GetAddressBytes();
        byte[] right = remote.GetAddressBytes();
        int bits = 0;
        for (int i = 0; i < left.Length && i < right.Length; i++)
        {
            int alike = BitOperations.LeadingZeroCount((uint)(left[i] ^ right[i])) - 24;
            bits += alike;
            if (alike < 8)
                break;
        }

        return bits;
    }

    /// <summary>
    /// Alternates between the families, each in the resolver's order (RFC 8305, section 4), so that a family that leads
    /// nowhere costs one delay.
    /// </summary>
    public static IPAddress[] Sort(IReadOnlyList<IPAddress> addresses)
    {
        List<IPAddress> rest = [.. addresses.Distinct()];
        List<IPAddress> sorted = [];
        AddressFamily? last = null;
        while (rest.Count > 0)
        {
            IPAddress next = rest.FirstOrDefault(address => address.AddressFamily != last) ?? rest[0];
            rest.Remove(next);
            sorted.Add(next);
            last = next.AddressFamily;
        }

        return [.. sorted];
    }

    // RFC 3927, and RFC 4291, section 2.5.6.
    private static bool IsOfLink(IPAddress address) =>
        address.IsIPv6LinkLocal
        || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..]);
}
