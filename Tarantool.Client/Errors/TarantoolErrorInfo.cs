namespace Tarantool.Client;

/// <summary>One entry of the server's error stack.</summary>
/// <param name="Type">The error's class in the server, such as <c>ClientError</c> or <c>AccessDeniedError</c>.</param>
/// <param name="File">The source file of the server or of the Lua program that raised the error.</param>
/// <param name="Line">The line in <paramref name="File"/>.</param>
/// <param name="Message">The error text.</param>
/// <param name="Errno">The <c>errno</c> recorded by the server, or 0.</param>
/// <param name="Code">The error code; see <see cref="TarantoolErrorCodes"/>.</param>
/// <param name="Fields">Additional fields by name, such as <c>object_name</c> of an access error; may be empty.</param>
public sealed record TarantoolErrorInfo(
    string Type,
    string File,
    int Line,
    string Message,
    int Errno,
    int Code,
    IReadOnlyDictionary<TarantoolValue, TarantoolValue> Fields
);
