namespace Tarantool.Client;

/// <summary>Data of <see cref="TarantoolClient.StateChanged"/>.</summary>
/// <param name="state">The new state.</param>
/// <param name="reason">The failure, if the connection was lost.</param>
public sealed class TarantoolStateChangedEventArgs(TarantoolConnectionState state, Exception? reason) : EventArgs
{
    /// <summary>The new state.</summary>
    public TarantoolConnectionState State { get; } = state;

    /// <summary>
    /// Why the connection was lost; <see langword="null"/> if it was opened or closed by the client, or if the server
    /// has announced its stop.
    /// </summary>
    public Exception? Reason { get; } = reason;
}
