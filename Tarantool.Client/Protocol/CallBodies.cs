namespace Tarantool.Client.Protocol;

// Bodies of requests that do not address a space.

/// <summary>PING.</summary>
internal readonly struct PingBody : IRequestBody
{
    public RequestType Type => RequestType.Ping;

    public RequestTarget Target => default;

    public void Write(ref TarantoolWriter writer, in TargetIds ids) => writer.WriteMapHeader(0);
}

/// <summary>CALL, EVAL and EXECUTE: a string and a list of arguments.</summary>
internal readonly struct TextBody(RequestType type, string text, TarantoolTuple arguments) : IRequestBody
{
    public RequestType Type => type;

    public RequestTarget Target => default;

    public void Write(ref TarantoolWriter writer, in TargetIds ids)
    {
        (byte textKey, byte argumentsKey) = type switch
        {
            RequestType.Call => (IprotoKey.FunctionName, IprotoKey.Tuple),
            RequestType.Eval => (IprotoKey.Expression, IprotoKey.Tuple),
            _ => (IprotoKey.SqlText, IprotoKey.SqlBind),
        };
        writer.WriteMapHeader(2);
        writer.WriteKey(textKey);
        writer.Write(text);
        writer.WriteKey(argumentsKey);
        writer.WriteTuple(arguments);
    }
}

/// <summary>AUTH by <c>chap-sha1</c>.</summary>
internal readonly struct AuthBody(string userName, byte[] scramble) : IRequestBody
{
    public RequestType Type => RequestType.Auth;

    public RequestTarget Target => default;

    public void Write(ref TarantoolWriter writer, in TargetIds ids)
    {
        // All server versions expect the scramble, which is binary, as a MessagePack string.
        writer.WriteMapHeader(2);
        writer.WriteKey(IprotoKey.Tuple);
        writer.WriteArrayHeader(2);
        writer.Write(ChapSha1.Name);
        writer.WriteRawString(scramble);
        writer.WriteKey(IprotoKey.UserName);
        writer.Write(userName);
    }
}

/// <summary>ID: announces the client's features and asks for the server's (2.10 and later).</summary>
internal readonly struct IdBody : IRequestBody
{
    public RequestType Type => RequestType.Id;

    public RequestTarget Target => default;

    public void Write(ref TarantoolWriter writer, in TargetIds ids)
    {
        writer.WriteMapHeader(2);
        writer.WriteKey(IprotoKey.Version);
        writer.Write(Feature.ProtocolVersion);
        writer.WriteKey(IprotoKey.Features);
        writer.WriteArrayHeader(2);
        writer.Write(Feature.Watchers);
        writer.Write(Feature.WatchOnce);
    }
}

/// <summary>WATCH and UNWATCH, which have no response, and WATCH_ONCE, which has one.</summary>
internal readonly struct WatchBody(RequestType type, string key) : IRequestBody
{
    public RequestType Type => type;

    public RequestTarget Target => default;

    public void Write(ref TarantoolWriter writer, in TargetIds ids)
    {
        writer.WriteMapHeader(1);
        writer.WriteKey(IprotoKey.EventKey);
        writer.Write(key);
    }
}
