using System.Net;
using FastForward.Transport;

namespace FastForward.Host.Instances;

/// <summary>
/// The local UDP addresses that an instance file claims, for the node and for each bridge. One that overlaps an earlier
/// one would be refused by the kernel at the start, so it is a problem of the file.
/// </summary>
internal sealed class UdpPlaces(string file, List<InstanceProblem> problems)
{
    private readonly List<Place> _places = [];

    /// <summary>Adds the port of the node.</summary>
    /// <param name="settings">The keys of the node.</param>
    /// <param name="top">Their section.</param>
    public void Add(InstanceSettings settings, InstanceSection top)
    {
        // What stands for a wrong value is not what the operator meant.
        if (!settings.Transports.Contains(TransportKind.Ip) || problems.Exists(IsAboutThem))
            return;
        int line = top.LineOf("port");
        string owner = line > 0 ? $"the node in line {line} (port)" : "the node (port is 54000 by default)";
        IEnumerable<ZonedAddress> addresses =
            settings.Addresses.Count > 0 ? settings.Addresses : [IPAddress.Any, IPAddress.IPv6Any];
        foreach (ZonedAddress address in addresses)
            _places.Add(new Place(new ZonedEndPoint(address, settings.Port), TakesBoth: false, owner));
    }

    /// <summary>Adds the address of a bridge, or reports who has it.</summary>
    public void Add(BridgeSettings bridge, InstanceSection section)
    {
        if (bridge.Listen.Port == 0)
            return; // reported already
        int line = section.LineOf("listen");
        Place place = new(bridge.Listen, TakesBoth: true, $"[{section.Name}] in line {line}");
        if (_places.Find(place.Overlaps) is { } first)
            problems.Add(
                new InstanceProblem(
                    file,
                    line,
                    section.PathOf("listen"),
                    $"'{bridge.Listen}' is taken by {first.Owner}: one UDP port of an address has one socket",
                    "listen = 127.0.0.1:5300"
                )
            );
        else
            _places.Add(place);
    }

    private static bool IsAboutThem(InstanceProblem problem) =>
        problem.Key.ToLowerInvariant() is "port" or "addresses" or "transports";

    // The socket of a bridge at [::] takes IPv4 too; the node has a socket for each family.
    private sealed record Place(ZonedEndPoint At, bool TakesBoth, string Owner)
    {
        private IPAddress Address { get; } = ServiceLoop.Unmapped(At.Address.Address);

        public bool Overlaps(Place other) =>
            At.Port == other.At.Port
            && (
                Address.AddressFamily != other.Address.AddressFamily
                    ? IsDual || other.IsDual
                    : ServiceLoop.IsWildcard(Address)
                        || ServiceLoop.IsWildcard(other.Address)
                        || (Address.Equals(other.Address) && At.Address.Interface == other.At.Address.Interface)
            );

        private bool IsDual => TakesBoth && Address.Equals(IPAddress.IPv6Any);
    }
}
