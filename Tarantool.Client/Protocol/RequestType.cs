namespace Tarantool.Client.Protocol;

/// <summary>Request type codes of IPROTO; names and values from the server's <c>iproto_constants.h</c>.</summary>
internal enum RequestType : byte
{
    Select = 1,
    Insert = 2,
    Replace = 3,
    Update = 4,
    Delete = 5,
    Auth = 7,
    Eval = 8,
    Upsert = 9,
    Call = 10,
    Execute = 11,
    Ping = 64,
    Id = 73,
    Watch = 74,
    Unwatch = 75,
    WatchOnce = 77,
}
