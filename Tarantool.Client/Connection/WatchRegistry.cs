using System.Threading.Channels;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Connection;

/// <summary>
/// Who watches which keys, over all connections of a client: a new connection subscribes all of them again. Each
/// watcher sees the newest value and may miss those between. What is sent is only queued, so it is sent inside of the
/// lock: then it leaves in the order of the changes here. Thread-safe.
/// </summary>
internal sealed class WatchRegistry : IEventSink
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, WatchedKey> _keys = new(StringComparer.Ordinal);
    private TarantoolConnection? _connection;
    private Func<Exception>? _closeReason;

    /// <summary>Starts to watch a key.</summary>
    /// <returns>Where the values arrive; to be given to <see cref="Remove"/> in the end.</returns>
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
                // The server has nothing to say until the next change, so the newest value comes from here.
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

    /// <summary>Stops to watch a key.</summary>
    public void Remove(string key, Channel<TarantoolValue> channel)
    {
        lock (_gate)
        {
            WatchedKey watched = _keys[key];
            watched.Watchers.Remove(channel);
            if (watched.Watchers.Count > 0)
                return;
            _keys.Remove(key);
            if (_connection is { Server.SupportsWatch: true } connection)
                connection.SendOneWay(new WatchBody(RequestType.Unwatch, key));
        }
    }

    /// <summary>Subscribes all keys on a new connection; null means that there is none.</summary>
    public void Use(TarantoolConnection? connection)
    {
        lock (_gate)
        {
            _connection = connection;
            if (connection is null)
                return;
            foreach ((string key, WatchedKey watched) in _keys)
                Subscribe(connection, key, watched);
        }
    }

    /// <summary>Ends all watchers, and all that may come, each with an exception of its own.</summary>
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
            if (!_keys.TryGetValue(key, out WatchedKey? watched))
                return;
            watched.Newest = value;
            foreach (Channel<TarantoolValue> channel in watched.Watchers)
                channel.Writer.TryWrite(value);

            // The server sends the next change only after this acknowledgement.
            connection.SendOneWay(new WatchBody(RequestType.Watch, key));
        }
    }

    private static void Subscribe(TarantoolConnection connection, string key, WatchedKey watched)
    {
        if (connection.Server.SupportsWatch)
            connection.SendOneWay(new WatchBody(RequestType.Watch, key));
        else
            watched.Complete(() =>
                new NotSupportedException(
                    $"The server (version {connection.Server.Version}) does not offer watchers, which came with 2.10. Poll, or call a function that waits for the change."
                )
            );
    }

    private sealed class WatchedKey
    {
        public List<Channel<TarantoolValue>> Watchers { get; } = [];

        public TarantoolValue? Newest { get; set; }

        public void Complete(Func<Exception> reason)
        {
            foreach (Channel<TarantoolValue> channel in Watchers)
                channel.Writer.TryComplete(reason());
        }
    }
}
