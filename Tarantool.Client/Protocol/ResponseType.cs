namespace Tarantool.Client.Protocol;

/// <summary>Values of the type field in headers sent by the server.</summary>
internal static class ResponseType
{
    public const uint Ok = 0;

    /// <summary>A change of a watched key (2.10 and later); not a response to a request.</summary>
    public const uint Event = 76;

    /// <summary>A <c>box.session.push</c> message of a request that is still running.</summary>
    public const uint Chunk = 128;

    /// <summary>Set in the type of an error response; the lower bits are the error code.</summary>
    public const uint ErrorFlag = 0x8000;
}
