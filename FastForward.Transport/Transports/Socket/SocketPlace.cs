namespace FastForward.Transport.Transports.Socket;

/// <summary>Where a listening UNIX socket shall be, and who may connect to it.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Mode">The permissions of the file.</param>
/// <param name="Group">The group of the file, name or number; null for the process's own.</param>
/// <param name="Backlog">Connections that may wait to be accepted.</param>
/// <param name="ElsewhereAdvice">What to do when somebody else has the place.</param>
/// <param name="ShorterAdvice">What to do when the path is too long.</param>
internal sealed record SocketPlace(
    string Path,
    UnixFileMode Mode,
    string? Group,
    int Backlog,
    string ElsewhereAdvice,
    string ShorterAdvice
);
