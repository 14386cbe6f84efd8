using FastForward.Host.Instances;
using FastForward.Transport.Sockets;

namespace FastForward.Host.Actors;

/// <summary>
/// Where the bridges of an instance listen. A datagram that comes from there is an answer of a bridge to a forged
/// source: answers carry no hops, so two bridges that take each other for clients would never stop.
/// </summary>
internal sealed class BridgePlaces
{
    private readonly HashSet<UdpAddress> _places = [];

    /// <param name="listens">Where they listen.</param>
    public BridgePlaces(IEnumerable<ZonedEndPoint> listens)
    {
        foreach (ZonedEndPoint listen in listens)
            Add(listen);
    }

    /// <summary>Adds a place: one more, or one whose interface has another index than before.</summary>
    /// <param name="listen">A wildcard stands for the addresses that the system has.</param>
    public void Add(ZonedEndPoint listen)
    {
        if (listen.TryResolve() is not { } place)
            return; // it is added when its interface is there
        _places.Add(new UdpAddress(place));
        if (ServiceLoop.IsWildcard(place.Address))
            _places.UnionWith(ServiceLoop.OwnAddresses().Select(own => new UdpAddress(new(own, place.Port))));
    }

    public bool Contain(in UdpSource source) => _places.Contains(source.Address);
}
