namespace Tarantool.Client.Connection;

/// <summary>Receives the events of watched keys.</summary>
internal interface IEventSink
{
    /// <summary>
    /// Stores the newest value of a key, and acknowledges it if the key is still watched. Called on the connection's
    /// read loop: must not block.
    /// </summary>
    void OnEvent(TarantoolConnection connection, string key, TarantoolValue value);

    /// <summary>Acknowledges an event whose value cannot be decoded, as <see cref="OnEvent"/> does.</summary>
    /// <returns>Whether the key is still watched.</returns>
    bool OnUnreadableEvent(TarantoolConnection connection, string key);
}
