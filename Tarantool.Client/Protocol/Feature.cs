namespace Tarantool.Client.Protocol;

/// <summary>Protocol features in ID requests; values from the server's <c>iproto_features.h</c>.</summary>
internal static class Feature
{
    public const int Watchers = 3;
    public const int WatchOnce = 6;

    /// <summary>The protocol version that introduced the newest of the features in use.</summary>
    public const int ProtocolVersion = 6;
}
