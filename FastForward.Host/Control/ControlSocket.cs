using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using FastForward.Host.Instances;
using FastForward.Host.Running;
using FastForward.Transport.Interop;
using FastForward.Transport.Logging;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Socket;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Control;

/// <summary>
/// The control socket of a running node (docs/operations.md, "Control socket"): a UNIX stream socket with the place, mode,
/// group and allowed users of the node's own. It lives on the runtime's threads, so that no client can hold the loop up.
/// </summary>
internal sealed partial class ControlSocket : IDisposable
{
    private const int MaxClients = 32;
    private const int Backlog = 64;
    private static readonly TimeSpan s_pauseWithoutResources = TimeSpan.FromSeconds(1);

    private readonly RunningNode _running;
    private readonly ILogger _logger;
    private readonly uint[] _allowedUsers;
    private readonly SocketFile _file;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<ControlConnection> _clients = []; // the one that came first, first; guarded by itself
    private LogGate _refusals;
    private LogGate _failures;

    private ControlSocket(RunningNode running, uint[] allowedUsers, SocketFile file, Socket listener, ILogger logger)
    {
        _running = running;
        _allowedUsers = allowedUsers;
        _file = file;
        _listener = listener;
        _logger = logger;
    }

    /// <summary>Takes the place in the file system and begins to serve.</summary>
    /// <exception cref="StartFailure">Somebody else has it, or the file system refuses.</exception>
    public static ControlSocket Open(RunningNode running, ILogger logger)
    {
        InstanceSettings settings = running.Settings;
        SocketTransportOptions options = RunningNode.SocketOptions(settings);
        uint[] allowedUsers = options.EffectiveUserIds;
        SocketPlace place = options.Place with
        {
            Path = ControlPath.Of(settings.ControlDirectory, settings.Network),
            Backlog = Backlog,
            ElsewhereAdvice = "give this instance another control-directory",
            ShorterAdvice = "give this instance a shorter control-directory",
        };
        try
        {
            SocketFile file = SocketFile.Create(
                place,
                new UnixMedium(allowedUsers, LibC.SOCK_STREAM),
                out Descriptor descriptor
            );
            Socket listener = new(new SafeSocketHandle(descriptor.Number, ownsHandle: true));
            descriptor.SetHandleAsInvalid(); // the socket has it now
            ControlSocket control = new(running, allowedUsers, file, listener, logger);
            LogListening(logger, place.Path);
            _ = control.AcceptAsync();
            return control;
        }
        catch (TransportException exception)
        {
            throw new StartFailure(exception.Message, exception);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _file.RemoveSocket();
        _listener.Dispose();
        _file.Dispose();
        lock (_clients)
        {
            foreach (ControlConnection client in _clients)
                client.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Admit(await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception) when (!_stop.IsCancellationRequested)
            {
                // No descriptor or no memory is left. The connections wait in the backlog meanwhile.
                if (_failures.TryPass(Now, out long suppressed))
                    LogAcceptFailed(_logger, exception.Message, suppressed);
                await Task.Delay(s_pauseWithoutResources, _stop.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static long Now => (long)Stopwatch.GetElapsedTime(0).TotalMicroseconds;

    private void Admit(Socket socket)
    {
        ControlConnection client = new(socket, _running);
        if (UserOf(socket) is var user && !_allowedUsers.Contains(user))
        {
            if (_refusals.TryPass(Now, out long suppressed))
                LogRefused(_logger, user, suppressed);
            string allowed = string.Join(
                ", ",
                _allowedUsers.Select(static id => id.ToString(CultureInfo.InvariantCulture))
            );
            client.Refuse(
                new ControlError(
                    ControlError.NotPermitted,
                    $"permission denied: user id {user} is none of the allowed-users of the node ({allowed})"
                )
            );
            return;
        }

        lock (_clients)
        {
            // Whoever connects and says nothing makes room for the next one.
            if (_clients.Count >= MaxClients && _clients.Find(static other => !other.HasAsked) is { } idle)
            {
                _clients.Remove(idle);
                idle.Dispose();
            }

            if (_clients.Count >= MaxClients)
            {
                client.Refuse(new ControlError(ControlError.Busy, $"{MaxClients} clients are being served already"));
                return;
            }

            _clients.Add(client);
        }

        _ = ServeAsync(client);
    }

    private async Task ServeAsync(ControlConnection client)
    {
        await Task.Yield();
        try
        {
            await client.ServeAsync(_stop.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (_clients)
                _clients.Remove(client); // also by an exception that nobody thought of: the place is free again
        }
    }

    // SO_PEERCRED: what the kernel knew of the client when it connected.
    private static uint UserOf(Socket socket)
    {
        Span<LibC.Credentials> credentials = stackalloc LibC.Credentials[1];
        socket.GetRawSocketOption(LibC.SOL_SOCKET, LibC.SO_PEERCRED, MemoryMarshal.AsBytes(credentials));
        return credentials[0].UserId;
    }

    [LoggerMessage(EventId = 8200, Level = LogLevel.Information, Message = "Control socket at {Path}")]
    private static partial void LogListening(ILogger logger, string path);

    [LoggerMessage(
        EventId = 8201,
        Level = LogLevel.Warning,
        Message = "User id {User} was refused at the control socket ({Suppressed} more since the last of these entries)"
    )]
    private static partial void LogRefused(ILogger logger, uint user, long suppressed);

    [LoggerMessage(
        EventId = 8202,
        Level = LogLevel.Warning,
        Message = "The control socket takes no connection for now: {Reason} ({Suppressed} more since the last of these entries)"
    )]
    private static partial void LogAcceptFailed(ILogger logger, string reason, long suppressed);
}
