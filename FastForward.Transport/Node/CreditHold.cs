using FastForward.Transport.Node;

namespace FastForward.Transport;

/// <summary>
/// The credit of a received message that the application holds. While it is held, the sender's window is smaller by
/// that amount; <see cref="Dispose"/> returns the credit to the sender.
/// </summary>
/// <remarks>
/// <para>A value that may be copied and stored with the message: of all copies, the first <see cref="Dispose"/>
/// releases the credit and the others do nothing. Holding and releasing allocates nothing in the steady state.</para>
/// <para>Must be used on the loop thread. The default value holds nothing.</para>
/// </remarks>
public readonly struct CreditHold : IDisposable, IEquatable<CreditHold>
{
    private readonly HeldCredit? _held;
    private readonly int _version;

    internal CreditHold(HeldCredit held)
    {
        _held = held;
        _version = held.Version;
    }

    /// <summary>
    /// Returns the credit to the sender, once. Does nothing for a message whose stream or association has ended.
    /// </summary>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public void Dispose() => _held?.Release(_version);

    /// <summary>Whether both hold the credit of the same message.</summary>
    public static bool operator ==(CreditHold left, CreditHold right) => left.Equals(right);

    /// <summary>Whether they hold the credit of different messages.</summary>
    public static bool operator !=(CreditHold left, CreditHold right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(CreditHold other) => ReferenceEquals(_held, other._held) && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is CreditHold other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_held, _version);
}
