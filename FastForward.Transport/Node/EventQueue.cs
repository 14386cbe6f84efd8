using FastForward.Transport.Loop;
using FastForward.Transport.Session;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Node;

/// <summary>
/// Delivers the session's events to the application. Messages are delivered at once; other events are queued until the
/// session has returned to the loop, and are delivered before any later message.
/// </summary>
internal sealed class EventQueue(ForwardLoop loop, ILogger logger) : ISessionEvents
{
    private const int LargestBacklog = 256;

    private readonly Queue<Entry> _queue = new();
    private readonly EventLimiter _limiter = new();
    private readonly PeerEventLog _log = new(loop, logger);
    private IForwardHandler _handler = new NoHandler();

    private enum EntryKind : byte
    {
        StreamEnd,
        Writable,
        Undelivered,
        Peer,
        Ping,
    }

    public bool IsEmpty => _queue.Count == 0;

    /// <summary>A callback of the application is running.</summary>
    public bool IsCalling { get; private set; }

    /// <summary>The node is stopping: lost peers are logged as information, not as warnings.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Sets the handler. Called when the node starts; no event occurs earlier.</summary>
    public void Start(IForwardHandler handler) => _handler = handler;

    public void Message(in ReceivedMessage message)
    {
        if (_queue.Count > 0)
            Dispatch(int.MaxValue);
        IsCalling = true;
        try
        {
            _handler.OnMessage(message);
        }
        catch (Exception exception) when (loop.Survives(exception, nameof(IForwardHandler.OnMessage))) { }
        finally
        {
            IsCalling = false;
        }
    }

    public void StreamEnded(in StreamEnd end) => _queue.Enqueue(new Entry { Kind = EntryKind.StreamEnd, End = end });

    public void Writable(uint node, ulong stream, IRoomOwner owner) =>
        _queue.Enqueue(
            new Entry
            {
                Kind = EntryKind.Writable,
                Writable = (node, stream),
                RoomOwner = owner,
            }
        );

    public void Undelivered(in Undelivered report) =>
        _queue.Enqueue(new Entry { Kind = EntryKind.Undelivered, Undelivered = report });

    public void PeerChanged(in PeerEvent change)
    {
        if (_limiter.Passes(loop.NowMicros, change))
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

    /// <summary>Delivers up to <paramref name="budget"/> queued events.</summary>
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
                entry.RoomOwner?.EndReservation(entry.Writable.Stream);
            }
        }

        return done;
    }

    /// <summary>
    /// Delivers all queued events when there are many: the frames of one cycle may cause far more events than its
    /// budget, and a peer must not be able to grow the queue without bound. Must not be called from inside the session.
    /// </summary>
    public void DispatchBacklog()
    {
        if (_queue.Count > LargestBacklog)
            Dispatch(int.MaxValue);
    }

    /// <summary>Writes the log entries that the rate limit held back. No event may follow.</summary>
    public void Close() => _log.Close();

    private void Dispatch(in Entry entry)
    {
        switch (entry.Kind)
        {
            case EntryKind.StreamEnd:
                _handler.OnStreamEnd(entry.End);
                break;
            case EntryKind.Writable:
                _handler.OnWritable(entry.Writable.Node, entry.Writable.Stream);
                break;
            case EntryKind.Undelivered:
                _handler.OnUndelivered(entry.Undelivered);
                break;
            case EntryKind.Peer:
                _log.Add(
                    entry.Peer,
                    IsStopping
                        || entry.Peer.IsPlanned
                        || entry.Peer.Kind
                            is PeerEventKind.Connected
                                or PeerEventKind.PathChanged
                                or PeerEventKind.Moved
                );
                _handler.OnPeer(entry.Peer);
                break;
            case EntryKind.Ping:
                entry.PingCallback?.Invoke(entry.Ping);
                break;
        }
    }

    private sealed class NoHandler : IForwardHandler
    {
        public void OnMessage(in ReceivedMessage message) { }
    }

    private struct Entry
    {
        public EntryKind Kind;
        public StreamEnd End;
        public (uint Node, ulong Stream) Writable;
        public IRoomOwner? RoomOwner;
        public Undelivered Undelivered;
        public PeerEvent Peer;
        public PingResult Ping;
        public Action<PingResult>? PingCallback;
    }
}
