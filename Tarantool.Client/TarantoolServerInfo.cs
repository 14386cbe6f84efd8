using System.Net;

namespace Tarantool.Client;

/// <summary>The server's description of itself, received when the connection was opened.</summary>
/// <param name="Version">The version, such as <c>2.6.0</c>.</param>
/// <param name="InstanceId">The UUID of the instance; <see cref="Guid.Empty"/> if the server did not send it.</param>
/// <param name="ProtocolVersion">The version of the binary protocol; 0 for servers before 2.10.</param>
/// <param name="Features">
/// The supported protocol features, numbered as in the server's <c>iproto_features.h</c>; empty before 2.10.
/// </param>
/// <param name="EndPoint">
/// Which of <see cref="TarantoolClientOptions.EndPoints"/> it is, as given there; <see langword="null"/> only in
/// objects that the client did not make.
/// </param>
public sealed record TarantoolServerInfo(
    string Version,
    Guid InstanceId,
    int ProtocolVersion,
    IReadOnlySet<int> Features,
    EndPoint? EndPoint = null
)
{
    /// <summary>Whether the server supports <see cref="TarantoolClient.WatchAsync"/>.</summary>
    public bool SupportsWatch => Features.Contains(Protocol.Feature.Watchers);

    /// <summary>Whether the server supports <see cref="TarantoolClient.WatchOnceAsync"/>.</summary>
    public bool SupportsWatchOnce => Features.Contains(Protocol.Feature.WatchOnce);
}
