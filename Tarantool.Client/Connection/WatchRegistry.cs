using System.Threading.Channels;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Connection;

/// <summary>
/// The watched keys and their watchers. Outlives connections: each new connection subscribes all keys again. A watcher
/// sees the newest value and may miss intermediate ones. Requests are sent while holding the lock, so that their order
/// matches the order of changes here; sending only queues and never blocks. Thread-safe.
/// </summary>
internal sealed class WatchRegistry : IEventSink
{
    /// <summary>
    /// The key by which servers announce their stop. It is always watched; a server waits with its stop, for a while,
    /// until the clients that watch it have disconnected.
    /// </summary>
    public const string ShutdownKey = "box.shutdown";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, WatchedKey> _keys = new(StringComparer.Ordinal)
    {
        [ShutdownKey] = new WatchedKey(),
    };
    private TarantoolConnection? _connection;
    private TarantoolConnection? _full; // waited for to acknowledge events
    private Func<Exception>? _closeReason;

    /// <summary>Starts watching a key.</summary>
    /// <returns>The channel on which values arrive; must be passed to <see cref="Remove"/> when done.</returns>
    public Channel<TarantoolValue> Add(string key)
    {
        Channel<TarantoolValue> channel = Channel.CreateBounded<TarantoolValue>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }
        );
        lock (_gate)
        {
            if (_closeReason is not null)
                channel.Writer.TryComplete(_closeReason());
            if (_keys.TryGetValue(key, out WatchedKey? watched))
            {
                // The server sends nothing until the next change, so the new watcher gets the cached value.
                watched.Watchers.Add(channel);
                if (watched.Newest is { } newest)
                    channel.Writer.TryWrite(newest);
                if (_connection is { Server.SupportsWatch: true })
                    return channel;
            }
            else
            {
                watched = new WatchedKey();
                watched.Watchers.Add(channel);
                _keys.Add(key, watched);
            }

            if (_connection is not null)
                Subscribe(_connection, key, watched);
        }

        return channel;
    }

    /// <summary>Stops watching a key.</summary>
    public void Remove(string key, Channel<TarantoolValue> channel)
    {
        lock (_gate)
        {
            WatchedKey watched = _keys[key];
            watched.Watchers.Remove(channel);
            if (watched.Watchers.Count > 0 || key == ShutdownKey)
                return;
            _keys.Remove(key);
            if (_connection is { Server.SupportsWatch: true } connection)
                connection.SendOneWay(new WatchBody(RequestType.Unwatch, key));
        }
    }

    /// <summary>Subscribes all keys on a new connection; null while disconnected.</summary>
    public void Use(TarantoolConnection? connection)
    {
        lock (_gate)
        {
            _connection = connection;
            _full = null;
            if (connection is null)
                return;
            foreach ((string key, WatchedKey watched) in _keys)
                Subscribe(connection, key, watched);
        }
    }

    /// <summary>Ends all current and future watchers, each with its own exception.</summary>
    public void Close(Func<Exception> reason)
    {
        lock (_gate)
        {
            _closeReason = reason;
            foreach (WatchedKey watched in _keys.Values)
                watched.Complete(reason);
        }
    }

    void IEventSink.OnEvent(TarantoolConnection connection, string key, TarantoolValue value)
    {
        lock (_gate)
        {
            // A value that a stopping server still sends must not replace one of the next server.
            if (connection.IsShuttingDown || !_keys.TryGetValue(key, out WatchedKey? watched))
                return;
            watched.Newest = value;
            foreach (Channel<TarantoolValue> channel in watched.Watchers)
                channel.Writer.TryWrite(value);
            if (key == ShutdownKey && value.Kind == TarantoolValueKind.Boolean && value.AsBoolean())
                connection.BeginShutdown();
            else
                Acknowledge(connection, key, watched);
        }
    }

    bool IEventSink.OnUnreadableEvent(TarantoolConnection connection, string key)
    {
        lock (_gate)
        {
            if (connection.IsShuttingDown || !_keys.TryGetValue(key, out WatchedKey? watched))
                return false;
            Acknowledge(connection, key, watched);
            return true;
        }
    }

    // The server sends the next change only after the acknowledgement. While the server does not read, events of one
    // key are acknowledged once, so what is unsent stays bounded however many it sends.
    private void Acknowledge(TarantoolConnection connection, string key, WatchedKey watched)
    {
        if (!connection.IsFull)
        {
            connection.SendOneWay(new WatchBody(RequestType.Watch, key));
            return;
        }

        watched.Unacknowledged = connection;
        if (ReferenceEquals(_full, connection))
            return;
        _full = connection;
        _ = Background.Run(() => AcknowledgeLaterAsync(connection));
    }

    private async Task AcknowledgeLaterAsync(TarantoolConnection connection)
    {
        await connection.WaitForRoomAsync(long.MaxValue, CancellationToken.None).ConfigureAwait(false);
        lock (_gate)
        {
            if (ReferenceEquals(_full, connection))
                _full = null;
            foreach ((string key, WatchedKey watched) in _keys)
            {
                if (!ReferenceEquals(watched.Unacknowledged, connection))
                    continue;
                watched.Unacknowledged = null;
                connection.SendOneWay(new WatchBody(RequestType.Watch, key));
            }
        }
    }

    private static void Subscribe(TarantoolConnection connection, string key, WatchedKey watched)
    {
        if (connection.Server.SupportsWatch)
            connection.SendOneWay(new WatchBody(RequestType.Watch, key));
        else
            watched.Complete(() =>
                new NotSupportedException(
                    $"The server (version {connection.Server.Version}) does not support watchers, which require 2.10. "
                        + "Poll, or call a function that waits for the change."
                )
            );
    }

    private sealed class WatchedKey
    {
        public List<Channel<TarantoolValue>> Watchers { get; } = [];

        public TarantoolValue? Newest { get; set; }

        /// <summary>The connection on which an event is to be acknowledged when there is room.</summary>
        public TarantoolConnection? Unacknowledged { get; set; }

        public void Complete(Func<Exception> reason)
        {
            foreach (Channel<TarantoolValue> channel in Watchers)
                channel.Writer.TryComplete(reason());
        }
    }
}
