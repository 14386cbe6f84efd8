namespace Tarantool.Client;

/// <summary>The state of a client's connection.</summary>
public enum TarantoolConnectionState
{
    /// <summary>There is no connection; the client is connecting or will try again after a delay.</summary>
    Disconnected,

    /// <summary>The connection is open; requests are sent at once.</summary>
    Connected,

    /// <summary>
    /// The server has announced its stop: requests in flight complete on the connection, new ones wait for the next.
    /// </summary>
    ShuttingDown,

    /// <summary>Final: the client was disposed, or the connection ended and automatic reconnect is disabled.</summary>
    Closed,
}
