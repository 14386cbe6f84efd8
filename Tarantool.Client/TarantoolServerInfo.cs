namespace Tarantool.Client;

/// <summary>What the server said about itself when the connection was made.</summary>
/// <param name="Version">The version, such as <c>2.6.0</c>.</param>
/// <param name="InstanceId">The UUID of the instance; all zero if it named none.</param>
/// <param name="ProtocolVersion">The version of the binary protocol, or 0 from servers before 2.10, which do not say.</param>
/// <param name="Features">
/// The numbers of protocol features it offers, as listed in the server's <c>iproto_features.h</c>; empty before 2.10.
/// </param>
public sealed record TarantoolServerInfo(
    string Version,
    Guid InstanceId,
    int ProtocolVersion,
    IReadOnlySet<int> Features
)
{
    /// <summary>Whether <see cref="TarantoolClient.WatchAsync"/> works with this server.</summary>
    public bool SupportsWatch => Features.Contains(Protocol.Feature.Watchers);
}
