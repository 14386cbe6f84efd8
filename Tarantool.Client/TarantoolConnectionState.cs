namespace Tarantool.Client;

/// <summary>The state of a client's connection.</summary>
public enum TarantoolConnectionState
{
    /// <summary>There is none; an attempt is under way or will be made.</summary>
    Disconnected,

    /// <summary>Requests are sent at once.</summary>
    Connected,

    /// <summary>The client was disposed, or its connection ended and it must not reconnect.</summary>
    Closed,
}
