using System.Net;
using System.Net.Sockets;

namespace FastForward.Transport.Addressing;

/// <summary>The order in which the addresses of a name are tried.</summary>
internal static class AddressOrder
{
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
}
