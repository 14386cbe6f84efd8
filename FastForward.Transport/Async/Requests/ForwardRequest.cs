namespace FastForward.Transport;

/// <summary>A request that a handler of <see cref="ForwardClient.Respond"/> answers.</summary>
public readonly struct ForwardRequest : IEquatable<ForwardRequest>
{
    private readonly ForwardMessage _message;

    internal ForwardRequest(ForwardMessage message) => _message = message;

    /// <summary>The node that asks.</summary>
    public uint Node => _message.Node;

    /// <summary>The service that it asks.</summary>
    public ServiceId Service => _message.Service;

    /// <summary>The content. It is valid until the handler's task ends: copy what you keep.</summary>
    public ReadOnlyMemory<byte> Payload => _message.Payload;

    /// <summary>Compares whether two values are the same request.</summary>
    public static bool operator ==(ForwardRequest left, ForwardRequest right) => left.Equals(right);

    /// <summary>Compares whether two values are different requests.</summary>
    public static bool operator !=(ForwardRequest left, ForwardRequest right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(ForwardRequest other) => _message == other._message;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ForwardRequest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _message.GetHashCode();
}

/// <summary>Answers a request. It runs on a thread of the pool; several calls may run at once.</summary>
/// <param name="request">The request.</param>
/// <param name="cancellationToken">
/// Cancelled when no one can get the reply any more: the asking node is lost, the responder was disposed of, or this
/// node stops.
/// </param>
/// <returns>The reply, at most 64 KiB. It is read until it is sent: leave it unchanged.</returns>
/// <exception cref="ForwardRefusedException">
/// One that the handler created refuses the request with its code. Any other exception, also that of a request of its
/// own that was refused, is logged and counted, and refuses the request with
/// <see cref="ForwardRefusedException.Failed"/>.
/// </exception>
public delegate ValueTask<ReadOnlyMemory<byte>> ForwardRequestHandler(
    ForwardRequest request,
    CancellationToken cancellationToken
);
