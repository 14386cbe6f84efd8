using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Sockets;

/// <summary>Where a <see cref="UnixListener"/> listens, and who may connect to it.</summary>
public sealed class UnixListenerOptions
{
    /// <summary>
    /// The socket file, at most 107 bytes of UTF-8. Others may not delete or replace files in its directory: a sticky
    /// directory such as /tmp, or one of your own such as /run/fastforward.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>The permissions of the file; write permission is what lets a process connect. Default 0660.</summary>
    public UnixFileMode Mode { get; set; } =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>The group of the file, by name or number. Default null: the process's own.</summary>
    public string? Group { get; set; }

    /// <summary>
    /// The user ids that may be served, judged by SO_PEERCRED (unix(7)). Default null: the process's own effective user
    /// id and 0.
    /// </summary>
    public IReadOnlyCollection<uint>? AllowedUserIds { get; set; }

    /// <summary>Receives a warning when files were removed by another program; null for none.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>Connections that may wait to be accepted. Default 64; at most <c>net.core.somaxconn</c>.</summary>
    public int Backlog { get; set; } = 64;
}
