using System.Net;
using System.Net.Sockets;

namespace Tarantool.Client.Connection;

/// <summary>The order in which the addresses of a name are tried.</summary>
internal static class AddressOrder
{
    /// <summary>
    /// The address that worked the last time comes first; the others alternate between the families, each in the order
    /// that the resolver gave (RFC 8305, section 4), so that one unreachable family costs one delay.
    /// </summary>
    /// <param name="addresses">The addresses, in the order that the resolver gave.</param>
    /// <param name="good">The address that worked the last time.</param>
    /// <param name="failed">Addresses that greeted and then failed, the last one at the end: they come last.</param>
    public static IPAddress[] Sort(
        IReadOnlyList<IPAddress> addresses,
        IPAddress? good,
        IReadOnlyCollection<IPAddress> failed
    )
    {
        List<IPAddress> rest = [.. addresses.Distinct().Except(failed)];
        List<IPAddress> sorted = [];
        if (good is not null && rest.Remove(good))
            sorted.Add(good);
        AddressFamily? last = sorted.Count > 0 ? good!.AddressFamily : null;
        while (rest.Count > 0)
        {
            IPAddress next = rest.FirstOrDefault(address => address.AddressFamily != last) ?? rest[0];
            rest.Remove(next);
            sorted.Add(next);
            last = next.AddressFamily;
        }

        return [.. sorted, .. failed.Intersect(addresses)];
    }
}
