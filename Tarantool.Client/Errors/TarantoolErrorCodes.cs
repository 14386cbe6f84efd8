namespace Tarantool.Client;

/// <summary>
/// Error codes that programs commonly handle. Values from <c>src/box/errcode.h</c> in the server's source
/// (<c>box.error.*</c> in Lua), which lists all codes.
/// </summary>
public static class TarantoolErrorCodes
{
    /// <summary>A tuple with the same unique key exists (<c>ER_TUPLE_FOUND</c>).</summary>
    public const int TupleFound = 3;

    /// <summary>The instance is read-only, for instance a replica (<c>ER_READONLY</c>).</summary>
    public const int ReadOnly = 7;

    /// <summary>The expression or function raised a Lua error (<c>ER_PROC_LUA</c>).</summary>
    public const int ProcLua = 32;

    /// <summary>The called function does not exist (<c>ER_NO_SUCH_PROC</c>).</summary>
    public const int NoSuchProc = 33;

    /// <summary>The index does not exist (<c>ER_NO_SUCH_INDEX_ID</c>).</summary>
    public const int NoSuchIndex = 35;

    /// <summary>The space does not exist (<c>ER_NO_SUCH_SPACE</c>).</summary>
    public const int NoSuchSpace = 36;

    /// <summary>The user lacks the privilege (<c>ER_ACCESS_DENIED</c>).</summary>
    public const int AccessDenied = 42;

    /// <summary>
    /// The user does not exist (<c>ER_NO_SUCH_USER</c>). Newer servers return <see cref="PasswordMismatch"/>.
    /// </summary>
    public const int NoSuchUser = 45;

    /// <summary>Wrong password (<c>ER_PASSWORD_MISMATCH</c>; <c>ER_CREDS_MISMATCH</c> in newer servers).</summary>
    public const int PasswordMismatch = 47;

    /// <summary>The server does not support the request type (<c>ER_UNKNOWN_REQUEST_TYPE</c>).</summary>
    public const int UnknownRequestType = 48;

    /// <summary>
    /// The schema changed after a space or index was looked up by name (<c>ER_WRONG_SCHEMA_VERSION</c>). The client
    /// repeats the lookup itself; callers see this code only if the schema keeps changing.
    /// </summary>
    public const int WrongSchemaVersion = 109;
}
