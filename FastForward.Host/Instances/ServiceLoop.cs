using System.Net;
using System.Net.NetworkInformation;

namespace FastForward.Host.Instances;

/// <summary>
/// Finds an outlet of an instance whose datagrams come back to it: its target is the place of a bridge whose messages
/// go, perhaps through more of them, to the same outlet. Loops through other nodes end by their hops.
/// </summary>
internal static class ServiceLoop
{
    /// <summary>The first bridge on the way from the outlet back to itself; null when there is no such way.</summary>
    public static BridgeSettings? Find(
        OutletSettings outlet,
        uint network,
        IReadOnlyList<BridgeSettings> bridges,
        IReadOnlyList<OutletSettings> outlets
    )
    {
        HashSet<OutletSettings> seen = [];
        return bridges.FirstOrDefault(bridge => Reaches(outlet.Target, bridge.Listen) && LeadsBack(bridge));

        bool LeadsBack(BridgeSettings bridge)
        {
            OutletSettings? next =
                bridge.Node == network ? outlets.FirstOrDefault(other => other.Service == bridge.Service) : null;
            if (next is null || next == outlet)
                return next is not null;
            return seen.Add(next) && bridges.Any(other => Reaches(next.Target, other.Listen) && LeadsBack(other));
        }
    }

    private static bool Reaches(ZonedEndPoint target, ZonedEndPoint listen)
    {
        if (target.Port != listen.Port || target.Port == 0)
            return false;
        IPAddress to = Unmapped(target.Address.Address);
        if (IsWildcard(to))
            to = to.Equals(IPAddress.Any) ? IPAddress.Loopback : IPAddress.IPv6Loopback; // where the kernel sends it
        IPAddress at = Unmapped(listen.Address.Address);
        if (to.Equals(at))
            return target.Address.Interface == listen.Address.Interface;
        bool everywhere =
            at.Equals(IPAddress.IPv6Any) || (at.Equals(IPAddress.Any) && to.AddressFamily == at.AddressFamily);
        return everywhere && (IPAddress.IsLoopback(to) || OwnAddresses().Select(Bare).Contains(to));
    }

    /// <summary>Whether it stands for all addresses.</summary>
    public static bool IsWildcard(IPAddress address) =>
        Unmapped(address).Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>The addresses of all interfaces.</summary>
    public static IEnumerable<IPAddress> OwnAddresses() =>
        NetworkInterface
            .GetAllNetworkInterfaces()
            .SelectMany(static network => network.GetIPProperties().UnicastAddresses)
            .Select(static own => own.Address);

    // Link-local addresses have the index of their interface; the one of the target may be missing at this moment.
    private static IPAddress Bare(IPAddress address) =>
        address.IsIPv6LinkLocal ? new IPAddress(address.GetAddressBytes()) : address;

    /// <summary>An IPv4 address that is written as an IPv6 one as what it is.</summary>
    public static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
