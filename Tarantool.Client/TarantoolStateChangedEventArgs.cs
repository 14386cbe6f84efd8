namespace Tarantool.Client;

/// <summary>Tells that a client's connection changed its state.</summary>
/// <param name="state">The new state.</param>
/// <param name="reason">Why, if the connection was lost.</param>
public sealed class TarantoolStateChangedEventArgs(TarantoolConnectionState state, Exception? reason) : EventArgs
{
    /// <summary>The new state.</summary>
    public TarantoolConnectionState State { get; } = state;

    /// <summary>Why the connection was lost; <see langword="null"/> when it was made or closed on purpose.</summary>
    public Exception? Reason { get; } = reason;
}
