using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>
/// Keeps a path to a peer open over one candidate: connects with an increasing delay between attempts. Most peers of a
/// large registry do not run, so it holds little.
/// </summary>
internal sealed class PathConnector(PeerConnector owner, PathCandidate candidate, long firstAttempt)
{
    private const int FirstRetryMicros = 50_000;
    private const int RetryLimitMicros = 30_000_000;
    private const long StableAfterMicros = 5_000_000;
    private const long YieldMicros = 1_000_000;
    private const sbyte Gone = -1;

    private IForwardLink? _connecting;
    private long _nextAttempt = firstAttempt;
    private int _retry = FirstRetryMicros;
    private sbyte _rank = Gone;
    private sbyte _endsRank = Gone;
    private bool _hasYielded; // to a handshake of the peer that is under way
    private bool _isPortReported;

    public PeerConnector Owner => owner;

    public PathCandidate Candidate { get; set; } = candidate;

    /// <summary>Its place among the candidates.</summary>
    public int Rank => _rank;

    /// <summary>The place of the first candidate with the same ends: the rank of all paths between them.</summary>
    public int EndsRank => _endsRank;

    /// <summary>The routes name it.</summary>
    public bool IsCurrent => _rank != Gone;

    /// <summary>Why its last attempt failed; null when it is not known, and when there is no reason any more.</summary>
    public string? Failure { get; private set; }

    /// <summary>At least one attempt has failed since the last path.</summary>
    public bool HasFailed => _retry > FirstRetryMicros;

    private long Now => owner.Environment.Loop.NowMicros;

    private bool IsAwaitingName =>
        Candidate.UnknownName is { } name && owner.Environment.Names.Peek(name) is { } entry && entry.IsAwaitedAt(Now);

    /// <summary>When <see cref="Evaluate"/> has something to do; long.MaxValue for never.</summary>
    public long Due =>
        _connecting is not null || !IsCurrent || IsFulfilled ? long.MaxValue
        : IsAwaitingName ? owner.Environment.Names.Peek(Candidate.UnknownName!)!.PatienceEndsAt
        : _nextAttempt;

    /// <summary>
    /// A path between these ends is sound, or this connector opens one. A path that a worse candidate has opened does
    /// not count, so that the better one is tried on.
    /// </summary>
    public bool IsFulfilled
    {
        get
        {
            IReadOnlyList<SessionPath> paths = owner.Peer.Paths;
            for (int i = 0; i < paths.Count; i++)
            {
                SessionPath path = paths[i];
                bool isOwn = ReferenceEquals(path.Origin, this);
                if (
                    isOwn
                        ? path.IsSound || path.State is PathState.Opening or PathState.Validating
                        : IsFulfilledBy(path)
                )
                    return true;
            }

            return false;
        }
    }

    /// <summary>A path between these ends is established.</summary>
    public bool IsEstablished =>
        owner.Peer.Paths.Any(path =>
            path.IsEstablished && (ReferenceEquals(path.Origin, this) || path.Rank == _endsRank)
        );

    /// <summary>The routes name it at this place.</summary>
    public void SetRank(int rank, int endsRank) => (_rank, _endsRank) = ((sbyte)rank, (sbyte)endsRank);

    /// <summary>
    /// The routes do not name it any more: its attempts and handshakes end. Its established paths serve until one of
    /// another candidate does.
    /// </summary>
    public void Leave()
    {
        _rank = _endsRank = Gone;
        _connecting?.Close();
        _connecting = null;
        foreach (SessionPath path in owner.Peer.Paths.ToArray())
        {
            if (ReferenceEquals(path.Origin, this) && !path.IsEstablished)
                path.Close(Now, CloseReason.RouteChanged, "the route changed");
        }
    }

    /// <summary>Connects when no path is there, no attempt is pending, and the delay has passed.</summary>
    public void Evaluate()
    {
        if (Now < Due || IsYielding() || owner.Environment.Transports.Find(Candidate.Kind) is not { } transport)
            return;
        // The addresses are looked up again when they are old; a change makes other candidates.
        if (NamedEndPoint.NameOf(Candidate.Route.EndPoint) is { } name)
        {
            HostEntry entry = owner.Environment.Names.Find(name);
            if (Candidate.UnknownName is not null)
            {
                if (!entry.IsAwaitedAt(Now))
                    Report($"host name \"{entry.Name}\": {entry.WhyNone}");
                return;
            }
        }

        if (Candidate.Remote is not LinkLocalEndPoint linkLocal)
            Connect(transport.Connect(Candidate.Remote, Candidate.Local));
        else if (linkLocal.Resolve() is { } resolved)
            Connect(transport.Connect(resolved, Candidate.Local));
        else
            Report($"{linkLocal}: this machine has no interface \"{linkLocal.Interface}\"");
    }

    /// <summary>The link is open.</summary>
    public void OnOpened(IForwardLink link)
    {
        if (!ReferenceEquals(link, _connecting))
        {
            link.Close();
            return;
        }

        _connecting = null;
        Peer peer = owner.Peer;
        TransportKind kind = link.Transport.Kind;
        LinkSource source = LinkPlaces.SourceOf(link);
        if (
            Candidate.KeyId == 0
            && owner.Environment.Admission.FindIdentityMismatch(peer.Node, kind, source) is { } mismatch
        )
        {
            peer.OnRefusedClaim(Now, PeerEventKind.Refused, kind, mismatch);
            link.Close();
            BackOff();
            owner.Reschedule();
            return;
        }

        SessionPath path = SessionPath.Initiate(
            peer,
            kind,
            link.Traits,
            source,
            link.Index,
            link,
            Now,
            Candidate.KeyId
        );
        path.Origin = this;
        link.Owner = path;
        peer.Add(path);
        owner.OnPending();
    }

    /// <summary>The link closed before it was open.</summary>
    public void OnConnectFailed(IForwardLink link, LinkClosure closure)
    {
        if (!ReferenceEquals(link, _connecting))
            return;
        _connecting = null;
        Failure = closure.Detail ?? closure.ToString();
        BackOff();
        owner.OnFailed(this);
    }

    /// <summary>A path of this candidate, or one between the same ends, has ended.</summary>
    public void OnPathFinished(SessionPath path)
    {
        bool isOwn = ReferenceEquals(path.Origin, this);
        bool wasEstablished = path.Id > 0;
        // Handshakes of others that were given up delay no attempt of this node.
        if (!isOwn && (!wasEstablished || path.Rank != _endsRank))
            return;
        // The delay is reset only after a stable connection, so that a peer that keeps failing is not retried faster
        // than one that is absent.
        if (wasEstablished && Now - path.OpenedAt >= StableAfterMicros)
            _retry = FirstRetryMicros;
        if (wasEstablished)
            Failure = null;
        else if (!IsFulfilled && owner.ExplainUnanswered(path, Candidate) is { } failure)
            Failure = failure;
        if (isOwn)
            ReportPort(wasEstablished);
        BackOff(wasEstablished ? 0 : Now - path.OpenedAt);
    }

    /// <summary>The peer is reached over it.</summary>
    public void OnReached() => Failure = null;

    // A path of another candidate, or one that the peer has opened.
    private bool IsFulfilledBy(SessionPath path) =>
        path.IsSound && path.Rank == _endsRank && !(path.Origin is PathConnector other && other._rank > _rank);

    private void Connect(IForwardLink link)
    {
        _connecting = link;
        link.Owner = this;
    }

    // Ends are compared without ports, since translators change them: a row with a wrong port is no obstacle to a path
    // that the peer opens, or another row. It is one as soon as that path is gone.
    private void ReportPort(bool isAnswered)
    {
        SessionPath? path = owner.Peer.Paths.FirstOrDefault(path => path.IsSound && path.Rank == _endsRank);
        if (isAnswered || path is null)
            _isPortReported &= !isAnswered;
        else if (!_isPortReported && Candidate.Remote is IPEndPoint remote && path.Source.Port != remote.Port)
        {
            _isPortReported = true;
            owner.Peer.Notify(
                PeerEventKind.Unusable,
                Candidate.Kind,
                $"no answer at {remote}, but the peer is reached at {path.Source}: the port of the row may be wrong"
            );
        }
    }

    // A handshake that the peer has begun makes an attempt superfluous. It may be a stranger's: it is waited for once,
    // and not for long.
    private bool IsYielding()
    {
        bool isAnswering = false;
        foreach (SessionPath path in owner.Peer.Paths)
            isAnswering |= path.IsUnproven && Candidate.LeadsOver(path);
        if (isAnswering && !_hasYielded)
        {
            _hasYielded = true;
            _nextAttempt = Now + YieldMicros;
            return true;
        }

        _hasYielded = isAnswering;
        return false;
    }

    // Once for each text: a name or an interface may be missing for days.
    private void Report(string obstacle)
    {
        bool isNew = Failure != obstacle;
        Failure = obstacle;
        BackOff();
        if (isNew)
            owner.Peer.Notify(PeerEventKind.Unusable, Candidate.Kind, obstacle);
    }

    // Each delay is at least as long as the attempt before it: over a medium without connections it lasts until its
    // INITs are given up.
    private void BackOff(long attempt = 0)
    {
        _retry = Math.Max(_retry, (int)Math.Min(attempt, RetryLimitMicros));
        _nextAttempt = Now + _retry + owner.Peer.Random.Jitter(_retry / 4);
        _retry = Math.Min(_retry * 2, RetryLimitMicros);
    }
}
