using System.Diagnostics.CodeAnalysis;
using FastForward.Transport.Sockets;

namespace FastForward.Host.Actors;

/// <summary>
/// The clients of a bridge and the rule by which one makes room for another: the host with the most clients gives up
/// one, a newcomer before an established client, and the least recently used one first. Of several such hosts, one that
/// has newcomers only comes first. So a flood from many ports of a host displaces itself. Every operation is O(1).
/// </summary>
internal sealed class BridgeClients(int most)
{
    private readonly Dictionary<UdpSource, BridgeClient> _bySource = [];
    private readonly Dictionary<UdpAddress, BridgeHost> _hosts = [];
    private readonly List<LinkedList<BridgeHost>[]> _hostsByCount = [NoHosts()]; // and by rank
    private readonly RecencyList<BridgeClient> _recency = new();

    // A newcomer costs a stream here and a socket at the outlet, so displacing is limited, which also lets each client
    // live long enough for an answer: for all together to once per place and second. A quarter of that is kept for
    // hosts that have displaced no one within the second; a host may use its part of a half.
    private readonly int _mostDisplacements = Math.Max(100, most);
    private int _largest;
    private SecondCount _displacements;

    public int Count => _recency.Count;

    /// <summary>The client that was not used for the longest time; null when there is none.</summary>
    public BridgeClient? Oldest => _recency.Oldest;

    public bool IsFull => Count >= most;

    public IEnumerable<BridgeClient> All => _bySource.Values;

    public bool TryFind(in UdpSource source, [NotNullWhen(true)] out BridgeClient? client) =>
        _bySource.TryGetValue(source, out client);

    /// <summary>The host of a new client; a new one, not yet known here, when it has no other client.</summary>
    public BridgeHost HostOf(in UdpSource source)
    {
        UdpAddress address = source.Address.Host;
        return _hosts.TryGetValue(address, out BridgeHost? host) ? host : new BridgeHost(address);
    }

    /// <summary>Which client makes room for a new one of <paramref name="host"/>.</summary>
    /// <returns>Null when the host, or all together, have displaced as many as they may within this second.</returns>
    public BridgeClient? TakePlace(BridgeHost host, TimeSpan now)
    {
        int ofHost = host.Displacements.At(now);
        bool isFirst = ofHost == 0;
        if (
            _displacements.At(now) >= (isFirst ? _mostDisplacements : _mostDisplacements * 3L / 4)
            || (!isFirst && ofHost >= _mostDisplacements / 2 / Math.Max(1, _hosts.Count))
        )
            return null;
        _displacements.Add();
        host.Displacements.Add();
        BridgeHost weakest = Array.Find(_hostsByCount[_largest], static equals => equals.Count > 0)!.First!.Value;
        return (host.Count == _largest && host.Rank <= weakest.Rank ? host : weakest).Weakest;
    }

    public void Add(BridgeClient client, TimeSpan now)
    {
        BridgeHost host = client.Host;
        _bySource.Add(client.Source, client);
        _recency.Add(client, now);
        if (host.Count == 0)
            _hosts.Add(host.Address, host);
        host.Newcomers.AddLast(client.Place);
        Place(host);
        _largest = Math.Max(_largest, host.Count);
    }

    /// <summary>A datagram came from the client or went to it.</summary>
    public void Touch(BridgeClient client, TimeSpan now)
    {
        _recency.Touch(client, now);
        LinkedList<BridgeClient> list = client.Place.List!;
        list.Remove(client.Place);
        list.AddLast(client.Place);
        Place(client.Host);
    }

    /// <summary>The client has sent again after an answer.</summary>
    public void Establish(BridgeClient client)
    {
        client.IsEstablished = true;
        client.Host.Newcomers.Remove(client.Place);
        client.Host.Established.AddLast(client.Place);
        Place(client.Host);
    }

    public void Remove(BridgeClient client)
    {
        BridgeHost host = client.Host;
        _bySource.Remove(client.Source);
        _recency.Remove(client);
        client.Place.List!.Remove(client.Place);
        Place(host);
        if (host.Count == 0)
            _hosts.Remove(host.Address);
        while (_largest > 0 && Array.TrueForAll(_hostsByCount[_largest], static equals => equals.Count == 0))
            _largest--;
    }

    /// <summary>Puts a host, as the one used last, among those with as many clients and its rank.</summary>
    private void Place(BridgeHost host)
    {
        host.Place.List?.Remove(host.Place);
        if (host.Count == 0)
            return;
        if (host.Count == _hostsByCount.Count)
            _hostsByCount.Add(NoHosts());
        _hostsByCount[host.Count][host.Rank].AddLast(host.Place);
    }

    private static LinkedList<BridgeHost>[] NoHosts() =>
        [.. Enumerable.Range(0, BridgeHost.Ranks).Select(static _ => new LinkedList<BridgeHost>())];
}
