using System.Net;
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

    /// <param name="listens">Where they listen; a wildcard stands for the addresses that the system has.</param>
    public BridgePlaces(IEnumerable<IPEndPoint> listens)
    {
        foreach (IPEndPoint listen in listens)
        {
            _places.Add(new UdpAddress(listen));
            if (ServiceLoop.IsWildcard(listen.Address))
                _places.UnionWith(ServiceLoop.OwnAddresses().Select(own => new UdpAddress(new(own, listen.Port))));
        }
    }

    public bool Contain(in UdpSource source) => _places.Contains(source.Address);
}
