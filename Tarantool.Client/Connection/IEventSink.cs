namespace Tarantool.Client.Connection;

/// <summary>Takes the events of watched keys.</summary>
internal interface IEventSink
{
    /// <summary>
    /// Takes the newest value of a key and acknowledges it if anybody still watches the key. Called on the connection's
    /// reading loop, so it must be quick.
    /// </summary>
    void OnEvent(TarantoolConnection connection, string key, TarantoolValue value);
}
