namespace FastForward.Transport.Transports.Socket;

/// <summary>The path of a listening UNIX socket, and who may connect to it.</summary>
/// <param name="Path">The path of the socket file.</param>
/// <param name="Mode">The permissions of the file.</param>
/// <param name="Group">The group of the file, name or number; null for that of the process.</param>
/// <param name="Backlog">Connections that may wait to be accepted.</param>
/// <param name="ElsewhereAdvice">What to do when the path is in use.</param>
/// <param name="ShorterAdvice">What to do when the path is too long.</param>
internal sealed record SocketPlace(
    string Path,
    UnixFileMode Mode,
    string? Group,
    int Backlog,
    string ElsewhereAdvice,
    string ShorterAdvice
);
