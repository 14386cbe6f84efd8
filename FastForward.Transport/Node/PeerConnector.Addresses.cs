using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <content>
/// Routes whose address is found at each attempt: host names, which may have several addresses, and interfaces. The
/// addresses of a name are tried 300 ms apart and go on beside each other (RFC 8305, section 5); the one that answers
/// first ends the others, and is tried first the next time.
/// </content>
internal sealed partial class PeerConnector
{
    private const long NextAddressMicros = 300_000;
    private const int MostAddresses = 8;

    private IPAddress[] _untried = [];
    private (SessionPath Path, IPAddress Address)[] _racing = [];
    private Route? _raced; // the route whose addresses are tried: the preferred one or the fallback
    private HostEntry? _watched;
    private IReadOnlyList<IPAddress> _tried = [];
    private IPAddress? _target; // of the link that is being opened
    private IPAddress? _good;
    private long _nextAddressAt;
    private string? _reportedObstacle;

    private bool IsAwaitingName => _watched is { } name && name.IsAwaitedAt(_loop.NowMicros);

    private bool IsRacing => _racing.Length > 0 || _untried.Length > 0;

    /// <summary>Another address has to be tried, now or later.</summary>
    private bool HasNextAddress => _untried.Length > 0 && _connecting is null;

    /// <summary>Where the route leads, with the addresses that were tried last.</summary>
    private string Place =>
        NamedEndPoint.NameOf(Route!.EndPoint) is not { } name ? Route.EndPoint.ToString()!
        : _tried.Count == 0 ? $"{name}:{NamedEndPoint.PortOf(Route.EndPoint)}"
        : $"{name}:{NamedEndPoint.PortOf(Route.EndPoint)} ({string.Join(", ", _tried)})";

    private void Watch(EndPoint? endPoint)
    {
        if (_watched is not null)
            _watched.Completed -= OnNameCompleted;
        _watched = NamedEndPoint.NameOf(endPoint) is { } name ? _names.Find(name) : null;
        if (_watched is not null)
            _watched.Completed += OnNameCompleted;
        EndRace();
        _tried = [];
        _good = null;
        _reportedObstacle = null;
    }

    private void OnNameCompleted()
    {
        if (_watched!.Failure is null && _transports.Find(Route!.Row.Transport) is { } transport)
        {
            if (!Peer.HasPath(transport.Kind))
                _nextAttempt = _loop.NowMicros;
            else if (_racing.Length > 0)
                AddToRace(_watched.Addresses.Where(address => IsUsable(address, transport)).Except(_tried));
        }

        Evaluate();
    }

    private void Attempt(Route route, IForwardTransport transport)
    {
        switch (route.EndPoint)
        {
            case EndPoint named when NamedEndPoint.NameOf(named) is { } name:
                AttemptName(route, name, transport);
                break;
            case LinkLocalEndPoint linkLocal when linkLocal.Resolve() is { } resolved:
                Connect(route, transport, resolved);
                break;
            case LinkLocalEndPoint linkLocal:
                Report(transport, $"{linkLocal}: this machine has no interface \"{linkLocal.Interface}\"");
                break;
            default:
                Connect(route, transport, route.EndPoint);
                break;
        }
    }

    private void AttemptName(Route route, string host, IForwardTransport transport)
    {
        HostEntry name = _names.Find(host);
        if (name.IsAwaitedAt(_loop.NowMicros))
            return;
        EndRace();
        _raced = route;
        _tried = [];
        AddToRace(
            AddressOrder.Sort(name.Addresses, _good).Where(address => IsUsable(address, transport)).Take(MostAddresses)
        );
        if (_untried.Length == 0)
            Report(transport, $"host name \"{name.Name}\": {name.WhyNone}");
        else
            TryNextAddress(route, transport);
    }

    private void AddToRace(IEnumerable<IPAddress> addresses)
    {
        _untried = [.. _untried, .. addresses];
        _tried = [.. _tried, .. _untried.Except(_tried)];
        _nextAddressAt = _loop.NowMicros;
    }

    // Called from Evaluate.
    private void ContinueRace()
    {
        Route raced = _raced!;
        SessionPath? sound = Peer.Paths.FirstOrDefault(path =>
            (path.Kind == raced.Row.Transport || path.Kind == Route?.Row.Transport)
            && path is { IsSound: true, Rank: not PathRank.Former }
        );
        if (sound is not null)
        {
            foreach ((SessionPath path, IPAddress address) in _racing)
            {
                if (ReferenceEquals(path, sound))
                    _good = address;
                else if (path.Phase == PathPhase.Initiating)
                    path.Finish(_loop.NowMicros, "another address of the peer answered first");
            }

            EndRace();
        }
        else if (!raced.LeadsTo(Route) && !raced.LeadsTo(_fallback))
        {
            EndRace();
        }
        else if (
            HasNextAddress
            && _loop.NowMicros >= _nextAddressAt
            && _transports.Find(raced.Row.Transport) is { } transport
        )
        {
            TryNextAddress(raced, transport);
        }
    }

    private void TryNextAddress(Route route, IForwardTransport transport)
    {
        IPAddress address = _untried[0];
        _untried = _untried[1..];
        _nextAddressAt = _loop.NowMicros + NextAddressMicros;
        Connect(route, transport, NamedEndPoint.At(route.EndPoint, address));
        _target = address;
    }

    private void JoinRace(SessionPath path)
    {
        if (_target is { } address)
            _racing = [.. _racing, (path, address)];
        _target = null;
    }

    // True when the race goes on without the path.
    private bool LeaveRace(SessionPath path)
    {
        int index = Array.FindIndex(_racing, entry => ReferenceEquals(entry.Path, path));
        if (index < 0)
            return false;
        if (path.Id > 0)
            _good = _racing[index].Address;
        _racing = [.. _racing.Where((_, other) => other != index)];
        _nextAddressAt = _loop.NowMicros;
        return _untried.Length > 0 || Peer.HasPath(path.Kind);
    }

    private void EndRace()
    {
        _untried = [];
        _racing = [];
        _raced = null;
        _target = null;
    }

    // Once for each text: a name or an interface may be missing for days.
    private void Report(IForwardTransport transport, string obstacle)
    {
        if (_reportedObstacle != obstacle)
            Peer.Notify(PeerEventKind.Unusable, transport.Kind, obstacle);
        _reportedObstacle = obstacle;
        BackOff();
    }

    private static bool IsUsable(IPAddress address, IForwardTransport transport) =>
        !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.IPv6Any)
        && transport.LocalEndPoints.Any(local => local.AddressFamily == address.AddressFamily);
}
