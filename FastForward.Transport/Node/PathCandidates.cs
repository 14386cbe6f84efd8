using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>From the rows of a peer to the ways of reaching it, in order of precedence.</summary>
internal static class PathCandidates
{
    /// <summary>
    /// The candidates, without repetitions and at most <see cref="ForwardNodeOptions.MaxPaths"/>. Starts lookups of
    /// host names that are not known, or not known any more.
    /// </summary>
    /// <param name="rows">The rows that can be used here, in falling precedence.</param>
    /// <param name="keyId">The key to prove on every path; 0 for none.</param>
    /// <param name="environment">Transports, names and options.</param>
    /// <param name="former">
    /// The candidates so far: addresses of a name keep their order, whatever the order of the resolver's next answer.
    /// </param>
    public static List<PathCandidate> Find(
        IReadOnlyList<Route> rows,
        uint keyId,
        ConnectorEnvironment environment,
        IReadOnlyList<PathConnector> former
    )
    {
        List<PathCandidate> all = [];
        foreach (Route row in rows)
        {
            if (environment.Transports.Find(row.Row.Transport) is not { } transport)
                continue;
            EndPoint[] remotes = [.. EndPointsOf(row, transport, environment.Names, former)];
            IPEndPoint?[][] locals = Array.ConvertAll(remotes, remote => LocalsOf(remote, transport));
            // First all remote addresses, each with the local one that suits it best: their networks differ most.
            for (int turn = 0; turn < locals.Max(static suitable => suitable.Length); turn++)
            {
                for (int i = 0; i < remotes.Length; i++)
                {
                    if (turn < locals[i].Length)
                        Add(all, new PathCandidate(row, remotes[i], locals[i][turn], keyId));
                }
            }
        }

        if (
            environment.Options.DiscoverLocalPeers
            && environment.Transports.Find(TransportKind.Socket) is not null
            && environment.LocalPeers.Find(all) is { } local
            && !all.Exists(other => other.IsSameAs(local))
        )
        {
            int place = all.FindIndex(static candidate => candidate.Route.Table != RouteTable.OverriddenNodes);
            all.Insert(place < 0 ? all.Count : place, local);
        }

        Limit(all, environment.Options.MaxPaths);
        return all;
    }

    private static void Add(List<PathCandidate> all, in PathCandidate candidate)
    {
        foreach (PathCandidate other in all)
        {
            if (other.IsSameAs(candidate))
                return;
        }

        all.Add(candidate);
    }

    private static IEnumerable<EndPoint> EndPointsOf(
        Route row,
        IForwardTransport transport,
        HostNames names,
        IReadOnlyList<PathConnector> former
    )
    {
        if (NamedEndPoint.NameOf(row.EndPoint) is not { } name)
            return [row.EndPoint];
        IPAddress[] addresses =
        [
            .. AddressOrder.Sort(names.Find(name).Addresses).Where(address => IsUsable(address, transport)),
        ];
        if (addresses.Length == 0)
            return [row.EndPoint];
        EndPoint[] endPoints = Array.ConvertAll(addresses, address => NamedEndPoint.At(row.EndPoint, address));
        EndPoint[] known =
        [
            .. former
                .Where(connector => connector.Candidate.Kind == transport.Kind)
                .Select(static connector => connector.Candidate.Remote)
                .Intersect(endPoints),
        ];
        return known.Concat(endPoints.Except(known));
    }

    // The local end points to connect from, the best first; only null where there is no choice.
    private static IPEndPoint?[] LocalsOf(EndPoint remote, IForwardTransport transport)
    {
        IPAddress? address = remote switch
        {
            IPEndPoint ip => ip.Address,
            LinkLocalEndPoint linkLocal => linkLocal.Address,
            _ => null,
        };
        if (transport.Kind != TransportKind.Ip || address is null || transport.LocalEndPoints.Count < 2)
            return [null];
        IPEndPoint?[] suitable =
        [
            .. transport
                .LocalEndPoints.OfType<IPEndPoint>()
                .Where(local =>
                    local.AddressFamily == address.AddressFamily && AddressOrder.Match(local.Address, address) >= 0
                )
                .OrderByDescending(local => AddressOrder.Match(local.Address, address)),
        ];
        return suitable.Length < 2 ? [null] : suitable;
    }

    // Each row keeps its first candidate as long as there is room: a name with many addresses must not displace the row
    // behind it.
    private static void Limit(List<PathCandidate> all, int most)
    {
        while (all.Count > most)
        {
            int last = all.FindLastIndex(candidate =>
                all.Count(other => ReferenceEquals(other.Route, candidate.Route)) > 1
            );
            all.RemoveAt(last < 0 ? all.Count - 1 : last);
        }
    }

    private static bool IsUsable(IPAddress address, IForwardTransport transport) =>
        !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.IPv6Any)
        && transport.LocalEndPoints.Any(local => local.AddressFamily == address.AddressFamily);
}
