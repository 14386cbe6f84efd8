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

    private static bool Reaches(IPEndPoint target, IPEndPoint listen)
    {
        if (target.Port != listen.Port || target.Port == 0)
            return false;
        if (target.Address.Equals(listen.Address))
            return true;
        bool everywhere =
            listen.Address.Equals(IPAddress.IPv6Any)
            || (listen.Address.Equals(IPAddress.Any) && target.AddressFamily == listen.AddressFamily);
        return everywhere && IsOwn(target.Address);
    }

    private static bool IsOwn(IPAddress address) =>
        IPAddress.IsLoopback(address)
        || address.Equals(IPAddress.Any)
        || address.Equals(IPAddress.IPv6Any)
        || NetworkInterface
            .GetAllNetworkInterfaces()
            .SelectMany(static network => network.GetIPProperties().UnicastAddresses)
            .Any(own => own.Address.Equals(address));
}
