using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <content>
/// The candidates, as routes, host names and their addresses come and go, and the ranks of paths by them. Routes change
/// make before break: the established paths of a candidate that is gone serve until another one does, and the session
/// closes them then.
/// </content>
internal sealed partial class PeerConnector
{
    private const long NextAddressMicros = 300_000; // RFC 8305, section 5
    private const long DiscoveryMicros = 5_000_000;

    // Of the medium of the preferred route, but at none of the candidates: behind them.
    private const int RankAside = 100;

    private IReadOnlyList<Route> _routes = [];
    private uint _keyId;
    private PathConnector[] _connectors = [];
    private long _discoveredAt;

    private Route? Preferred => _routes.Count > 0 ? _routes[0] : null;

    /// <summary>The first other row that candidates come from; null when there is none.</summary>
    private Route? Fallback => Array.Find(_connectors, connector => !IsPreferred(connector))?.Candidate.Route;

    // Socket files come and go without an event.
    private long DiscoveryDue =>
        Environment.Options.DiscoverLocalPeers && _routes.Count > 0 ? _discoveredAt + DiscoveryMicros : long.MaxValue;

    public PathWay WayOf(SessionPath path) =>
        new(
            path.Kind,
            ((IForwardLink)path.Link).LocalEndPoint is IPEndPoint local
                ? LinkSource.OfAddress(local).WithoutPort
                : default,
            path.Source.WithoutPort
        );

    public int RankOf(SessionPath path)
    {
        if (path.Origin is PathConnector origin)
            return origin.IsCurrent ? origin.EndsRank : PathRank.Former;
        foreach (PathConnector connector in _connectors)
        {
            if (connector.Candidate.LeadsOver(path))
                return connector.EndsRank;
        }

        return path.Kind == Preferred?.Row.Transport ? RankAside : PathRank.Unrouted;
    }

    private bool IsPreferred(PathConnector connector) => connector.Candidate.Route.LeadsTo(Preferred);

    private bool HasSame(IReadOnlyList<Route> routes)
    {
        if (routes.Count != _routes.Count)
            return false;
        for (int i = 0; i < routes.Count; i++)
        {
            if (!routes[i].LeadsTo(_routes[i]))
                return false;
        }

        return true;
    }

    // Follows the addresses of the host names among the routes.
    private void Watch()
    {
        foreach (HostEntry entry in WatchedNames)
            entry.Completed += OnNameCompleted;
    }

    private void Unwatch()
    {
        foreach (HostEntry entry in WatchedNames)
            entry.Completed -= OnNameCompleted;
    }

    // The names that are followed are not forgotten: these are the same objects each time.
    private IEnumerable<HostEntry> WatchedNames =>
        _routes
            .Select(static route => NamedEndPoint.NameOf(route.EndPoint))
            .OfType<string>()
            .Select(Environment.Names.Find)
            .Distinct();

    private void OnNameCompleted()
    {
        FindCandidates();
        Evaluate();
    }

    private void FindCandidates()
    {
        _discoveredAt = Now;
        PathConnector[] former = _connectors;
        List<PathCandidate> wanted = PathCandidates.Find(_routes, _keyId, Environment, former);
        PathConnector[] connectors = new PathConnector[wanted.Count];
        for (int i = 0; i < connectors.Length; i++)
        {
            PathCandidate candidate = wanted[i];
            connectors[i] =
                Array.Find(former, connector => connector.Candidate.IsSameAs(candidate))
                ?? new PathConnector(this, candidate, Now + DelayOf(wanted, i));
            connectors[i].Candidate = candidate;
            int first = wanted.FindIndex(other => other.HasSameEndsAs(candidate));
            connectors[i].SetRank(i, first);
        }

        if (connectors.AsSpan().SequenceEqual(former))
            return;
        _connectors = connectors;
        AdoptPaths();
        foreach (PathConnector gone in former.Except(connectors))
            gone.Leave();
        Peer.OnRoutesChanged(Now);
    }

    // The addresses of a name are not tried all at the same moment: the first one is good enough nearly always.
    private static long DelayOf(List<PathCandidate> candidates, int index)
    {
        PathCandidate candidate = candidates[index];
        if (NamedEndPoint.NameOf(candidate.Route.EndPoint) is null)
            return 0;
        return NextAddressMicros * candidates.Take(index).Count(other => other.Route.Equals(candidate.Route));
    }

    // A route that returns gets its former paths back.
    private void AdoptPaths()
    {
        foreach (SessionPath path in Peer.Paths)
        {
            if (path.Origin is PathConnector origin)
                path.Origin =
                    Array.Find(_connectors, connector => connector.Candidate.IsSameAs(origin.Candidate)) ?? origin;
        }
    }
}
