using System.Net.Sockets;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Sockets;

/// <summary>
/// The client side of a <see cref="UnixListener"/>. Anybody may create a socket in a directory such as /tmp, so a
/// client that trusts what it reads has to know who listens.
/// </summary>
public static class UnixConnector
{
    /// <summary>
    /// Connects to the UNIX stream socket at <paramref name="path"/> if both its entry in the directory and the process
    /// that listens belong to a trusted user: the own effective one, root, or one of
    /// <paramref name="trustedUserIds"/>. Thread-safe; blocks.
    /// </summary>
    /// <param name="path">The socket file.</param>
    /// <param name="timeout">
    /// How long the listener may take to accept; it remains the <see cref="Socket.SendTimeout"/>. Zero: without limit.
    /// </param>
    /// <param name="trustedUserIds">Further users that the listener may run as; null for none.</param>
    /// <returns>The connection; the caller owns it.</returns>
    /// <exception cref="UnauthorizedAccessException">Another user is there. The message says which.</exception>
    /// <exception cref="SocketException">The connection is refused, or not accepted in time (WouldBlock).</exception>
    /// <exception cref="ArgumentException">The path is too long for a socket.</exception>
    public static Socket Connect(string path, TimeSpan timeout, IReadOnlyCollection<uint>? trustedUserIds = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        uint[] trusted = [LibC.EffectiveUserId(), 0, .. trustedUserIds ?? []];
        if (OwnerOf(path) is { } owner && !trusted.Contains(owner))
            throw new UnauthorizedAccessException(
                $"{path} belongs to user id {owner}, which is not {Expected(trusted)}"
            );
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.SendTimeout = (int)timeout.TotalMilliseconds; // that of connect(2) too (unix(7))
            socket.Connect(new UnixDomainSocketEndPoint(path));
            uint? listener = UserOf(socket);
            if (listener is not { } user || !trusted.Contains(user))
                throw new UnauthorizedAccessException(
                    $"a process of user id {listener?.ToString() ?? "unknown"} listens at {path}, "
                        + $"which is not {Expected(trusted)}"
                );
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The user of the other end when it connected or listened; null when the kernel does not say.</summary>
    internal static unsafe uint? UserOf(Socket socket)
    {
        LibC.Credentials credentials;
        try
        {
            int length = socket.GetRawSocketOption(
                LibC.SOL_SOCKET,
                LibC.SO_PEERCRED,
                new Span<byte>(&credentials, sizeof(LibC.Credentials))
            );
            return length == sizeof(LibC.Credentials) ? credentials.UserId : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static unsafe uint? OwnerOf(string path)
    {
        LibC.FileStatus status;
        return LibC.Status(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW, LibC.STATX_BASIC_STATS, &status) == 0
            ? status.UserId
            : null;
    }

    private static string Expected(uint[] trusted) => string.Join(" or ", trusted.Distinct());
}
