using System.Net.Sockets;
using FastForward.Transport.Interop;
using FastForward.Transport.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Sockets;

/// <summary>
/// A listening UNIX stream socket for services beside a node, by the same rules as the node's own socket: a lock file
/// <c>&lt;path&gt;.lock</c> shows which socket files are stale, a second listener on the path is refused with the
/// process that has it, mode and group are in force before the first client can connect, files that another program
/// removes are created again within seconds, and both are removed at the end.
/// </summary>
/// <remarks>Accepts on threads of the runtime; it does not need a loop.</remarks>
public sealed class UnixListener : IDisposable
{
    private readonly SocketFile _file;
    private readonly ILogger _logger;
    private readonly uint[] _allowedUserIds;
    private readonly Lock _replacing = new();
    private readonly Timer _watch;
    private LogGate _failures; // guarded by the lock
    private bool _isDisposed; // guarded by the lock
    private volatile Socket _socket;

    /// <summary>Creates the files and listens.</summary>
    /// <param name="options">Path, permissions and users.</param>
    /// <exception cref="IOException">
    /// Another process has the path, or the file system refuses. The message says which and what to do. Where another
    /// listener has the path, <see cref="Exception.Data"/> has its process id as the text <c>ProcessId</c>; where the
    /// files cannot be given to the group, it has the group as the text <c>Group</c>.
    /// </exception>
    public UnixListener(UnixListenerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _allowedUserIds = SocketFile.AllowedUsers(options.AllowedUserIds);
        _logger = options.Logger ?? NullLogger.Instance;
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
        try
        {
            _socket = Wrap(descriptor);
        }
        catch
        {
            _file.Dispose();
            throw;
        }

        _watch = new Timer(_ => Check(), null, SocketFile.CheckInterval, SocketFile.CheckInterval);
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
        Socket client = await AcceptSocketAsync(cancellationToken).ConfigureAwait(false);
        uint? user = UnixConnector.UserOf(client);
        return new UnixClient(client, user, user is { } id && Array.IndexOf(_allowedUserIds, id) >= 0);
    }

    /// <summary>Removes the files and stops listening. Accepted clients stay connected.</summary>
    public void Dispose()
    {
        lock (_replacing)
        {
            _isDisposed = true;
            _watch.Dispose();
            _file.RemoveSocket();
            _socket.Dispose();
            _file.Dispose();
        }
    }

    private async Task<Socket> AcceptSocketAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Socket socket = _socket;
            try
            {
                return await socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception)
                when (exception is SocketException or ObjectDisposedException && !ReferenceEquals(socket, _socket))
            {
                // The socket was replaced, because its file had been removed.
            }
        }
    }

    private void Check()
    {
        lock (_replacing)
        {
            if (_isDisposed)
                return;
            try
            {
                RestoredFiles restored = _file.Restore(out Descriptor? descriptor);
                if (descriptor is not null)
                    Replace(descriptor);
                if (restored != RestoredFiles.None)
                    SocketFileLog.Restored(_logger, _file.Path, restored.ToString());
            }
            catch (IOException exception)
            {
                if (_failures.TryPass(Environment.TickCount64 * 1000, out long suppressed))
                    SocketFileLog.NotRestored(_logger, _file.Path, exception.Message, suppressed);
            }
        }
    }

    private void Replace(Descriptor descriptor)
    {
        try
        {
            Socket former = _socket;
            _socket = Wrap(descriptor);
            former.Dispose();
        }
        catch (IOException)
        {
            _file.Abandon(); // the next check tries again
            throw;
        }
    }

    private Socket Wrap(Descriptor descriptor)
    {
        SafeSocketHandle handle = new(descriptor.Number, ownsHandle: true);
        descriptor.SetHandleAsInvalid(); // the handle owns it from here on
        try
        {
            return new Socket(handle);
        }
        catch (SocketException exception)
        {
            handle.Dispose();
            throw new IOException($"{_file.Path} cannot be listened at: {exception.Message}", exception);
        }
    }
}
