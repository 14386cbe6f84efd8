namespace Tarantool.Client.Protocol;

/// <summary>Protocol features of the ID request; the numbers are those of the server's <c>iproto_features.h</c>.</summary>
internal static class Feature
{
    public const int Watchers = 3;

    /// <summary>The version of the protocol that brought <see cref="Watchers"/>: all that this client makes use of.</summary>
    public const int ProtocolVersion = 2;
}
