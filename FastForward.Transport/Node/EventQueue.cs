using FastForward.Transport.Loop;
using FastForward.Transport.Session;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Node;

/// <summary>
/// Carries the session's events to the application. Messages go through at once; the others wait in a queue until the
/// session is at rest, but never behind a message that came after them.
/// </summary>
internal sealed class EventQueue(ForwardLoop loop, ILogger logger) : ISessionEvents
{
    private const int LargestBacklog = 256;

    private readonly Queue<Entry> _queue = new();
    private readonly EventLimiter _limiter = new();
    private readonly PeerEventLog _log = new(loop, logger);

    private enum EntryKind : byte
    {
        StreamEnd,
        Writable,
        Undelivered,
        Peer,
        Ping,
    }

    /// <summary>The application. Set once, before the node starts.</summary>
    public IForwardHandler Handler { get; set; } = null!;

    public bool IsEmpty => _queue.Count == 0;

    /// <summary>The application is being called at this moment.</summary>
    public bool IsCalling { get; private set; }

    /// <summary>The node stops: that its peers are lost then is no trouble.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Called with every event of a peer, also with those that the application is spared.</summary>
    public Action<PeerEvent> OnPeerChanged { get; set; } = static _ => { };

    /// <summary>Called when a peer has something to write or its next time-out moved.</summary>
    public required Action<Peer> OnPending { get; init; }

    /// <summary>Called when a path is over.</summary>
    public required Action<SessionPath> OnPathFinished { get; init; }

    public void Message(in ReceivedMessage message)
    {
        if (_queue.Count > 0)
            Dispatch(int.MaxValue);
        IsCalling = true;
        try
        {
            Handler.OnMessage(message);
        }
        catch (Exception exception) when (loop.Survives(exception, nameof(IForwardHandler.OnMessage))) { }
        finally
        {
            IsCalling = false;
        }
    }

    public void StreamEnded(in StreamEnd end) => _queue.Enqueue(new Entry { Kind = EntryKind.StreamEnd, End = end });

    public void Writable(uint node, ulong stream) =>
        _queue.Enqueue(
            new Entry { Kind = EntryKind.Writable, Undelivered = new Undelivered(node, stream, 0, 0, default) }
        );

    public void Undelivered(in Undelivered report) =>
        _queue.Enqueue(new Entry { Kind = EntryKind.Undelivered, Undelivered = report });

    public void PeerChanged(in PeerEvent change)
    {
        OnPeerChanged(change);
        if (_limiter.Passes(loop.Now, change))
            _queue.Enqueue(new Entry { Kind = EntryKind.Peer, Peer = change });
    }

    public void PingEnded(in PingResult result, Action<PingResult> callback) =>
        _queue.Enqueue(
            new Entry
            {
                Kind = EntryKind.Ping,
                Ping = result,
                PingCallback = callback,
            }
        );

    public void PathFinished(SessionPath path) => OnPathFinished(path);

    public void Pending(Peer peer) => OnPending(peer);

    /// <summary>Hands up to <paramref name="budget"/> events to the application.</summary>
    public int Dispatch(int budget)
    {
        int done = 0;
        while (done < budget && _queue.TryDequeue(out Entry entry))
        {
            done++;
            IsCalling = true;
            try
            {
                Dispatch(entry);
            }
            catch (Exception exception) when (loop.Survives(exception, $"the handler of {entry.Kind}")) { }
            finally
            {
                IsCalling = false;
            }
        }

        return done;
    }

    /// <summary>
    /// Hands everything over when much waits: the frames of one cycle may hold far more events than a budget of it, and a
    /// peer must not make them pile up. The session has to be at rest.
    /// </summary>
    public void DispatchBacklog()
    {
        if (_queue.Count > LargestBacklog)
            Dispatch(int.MaxValue);
    }

    /// <summary>Nothing follows: whatever was kept out of the log is told there.</summary>
    public void Close() => _log.Close();

    private void Dispatch(in Entry entry)
    {
        switch (entry.Kind)
        {
            case EntryKind.StreamEnd:
                Handler.OnStreamEnd(entry.End);
                break;
            case EntryKind.Writable:
                Handler.OnWritable(entry.Undelivered.Node, entry.Undelivered.Stream);
                break;
            case EntryKind.Undelivered:
                Handler.OnUndelivered(entry.Undelivered);
                break;
            case EntryKind.Peer:
                _log.Add(
                    entry.Peer,
                    IsStopping || entry.Peer.Kind is PeerEventKind.Connected or PeerEventKind.PathChanged
                );
                Handler.OnPeer(entry.Peer);
                break;
            case EntryKind.Ping:
                entry.PingCallback!(entry.Ping);
                break;
        }
    }

    private struct Entry
    {
        public EntryKind Kind;
        public StreamEnd End;
        public Undelivered Undelivered;
        public PeerEvent Peer;
        public PingResult Ping;
        public Action<PingResult>? PingCallback;
    }
}
