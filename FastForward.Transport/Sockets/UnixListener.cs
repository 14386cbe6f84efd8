using System.Net.Sockets;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Sockets;

/// <summary>
/// A listening UNIX stream socket for services beside a node, by the same rules as the node's own socket: a lock file
/// <c>&lt;path&gt;.lock</c> shows which socket files are stale, a second listener on the path is refused with the
/// process that has it, mode and group are in force before the first client can connect, and both files are removed at
/// the end.
/// </summary>
/// <remarks>Accepts on threads of the runtime; it does not need a loop.</remarks>
public sealed class UnixListener : IDisposable
{
    private readonly SocketFile _file;
    private readonly Socket _socket;
    private readonly uint[] _allowedUserIds;

    /// <summary>Creates the files and listens.</summary>
    /// <param name="options">Path, permissions and users.</param>
    /// <exception cref="IOException">
    /// Another process has the path, or the file system refuses. The message says which and what to do.
    /// </exception>
    public UnixListener(UnixListenerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _allowedUserIds = SocketFile.AllowedUsers(options.AllowedUserIds);
        SocketPlace place = new(
            options.Path,
            LibC.SOCK_STREAM,
            options.Mode,
            options.Group,
            options.Backlog,
            "choose another path",
            "choose a shorter one"
        );
        _file = SocketFile.Create(place, out Descriptor descriptor);
        SafeSocketHandle handle = new(descriptor.Number, ownsHandle: true);
        descriptor.SetHandleAsInvalid(); // the handle owns it now
        try
        {
            _socket = new Socket(handle);
        }
        catch (Exception exception)
        {
            handle.Dispose();
            _file.Dispose();
            if (exception is SocketException)
                throw new IOException($"{options.Path} cannot be listened at: {exception.Message}", exception);
            throw;
        }
    }

    /// <summary>The user ids that may be served.</summary>
    public IReadOnlyList<uint> AllowedUserIds => _allowedUserIds;

    /// <summary>Whether the length of a path is allowed for a UNIX socket.</summary>
    /// <param name="path">The path.</param>
    public static bool Fits(string path) => SocketFile.Fits(path);

    /// <summary>Waits for the next client.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SocketException">No descriptor or no memory is left; later calls may succeed.</exception>
    public async ValueTask<UnixClient> AcceptAsync(CancellationToken cancellationToken = default)
    {
        Socket client = await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
        uint? user = UserOf(client);
        return new UnixClient(client, user, user is { } id && Array.IndexOf(_allowedUserIds, id) >= 0);
    }

    /// <summary>Removes the files and stops listening. Accepted clients stay connected.</summary>
    public void Dispose()
    {
        _file.RemoveSocket();
        _socket.Dispose();
        _file.Dispose();
    }

    private static unsafe uint? UserOf(Socket socket)
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
}
