using FastForward.Host.Demo.Chaos;

namespace FastForward.Tests.Chaos;

/// <summary>The networks between the nodes, and what is cut of them.</summary>
internal sealed class ChaosRelays : IDisposable
{
    private readonly List<UdpRelay> _relays = [];
    private readonly Dictionary<(int Pair, int Path), TimeSpan> _cuts = [];

    public ChaosRelays(ChaosArguments arguments)
    {
        foreach ((uint one, uint other) in ChaosTopology.Pairs)
            _relays.Add(
                new UdpRelay(
                    arguments.PortOf(one),
                    arguments.PortOf(other),
                    arguments.RelayPort(one, other),
                    arguments.RelayPort(other, one)
                )
            );
    }

    /// <summary>Drops all datagrams of a path of a pair, both ways, without a sign.</summary>
    public void Cut(int pair, int path, TimeSpan until)
    {
        _cuts[(pair, path)] = until;
        _relays[pair].Cut(path, isCut: true);
    }

    /// <summary>Heals what was cut for long enough.</summary>
    public void Recover(TimeSpan now)
    {
        foreach (((int pair, int path), TimeSpan until) in _cuts)
        {
            if (now < until)
                continue;
            _relays[pair].Cut(path, isCut: false);
            _cuts.Remove((pair, path)); // allowed during enumeration
        }
    }

    public void Dispose()
    {
        foreach (UdpRelay relay in _relays)
            relay.Dispose();
    }
}
