namespace FastForward.Transport.Interop;

/// <summary>Where a UNIX socket listens, and who may connect to it.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Type">SOCK_SEQPACKET or SOCK_STREAM.</param>
/// <param name="Mode">The permissions of the file.</param>
/// <param name="Group">The group of the file, name or number; null for that of the process.</param>
/// <param name="Backlog">Connections that may wait to be accepted.</param>
/// <param name="ElsewhereAdvice">The end of the message when another process or user has the path.</param>
/// <param name="ShorterAdvice">The end of the message when the path is too long.</param>
internal sealed record SocketPlace(
    string Path,
    int Type,
    UnixFileMode Mode,
    string? Group,
    int Backlog,
    string ElsewhereAdvice,
    string ShorterAdvice
);
