using System.Globalization;
using System.Net.Sockets;
using FastForward.Host.Running;
using FastForward.Transport.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Control;

/// <summary>
/// The control socket of a running node (docs/operations.md, "Control socket"): a UNIX stream socket with the mode,
/// group and allowed users of the node's own. It is served on the runtime's threads, so that no client can delay the
/// loop. It listens before the node starts; until then requests are answered with that.
/// </summary>
internal sealed partial class ControlSocket(
    InstanceIdentity identity,
    RunningNode running,
    ILogger<ControlSocket> logger
) : IHostedLifecycleService, IDisposable
{
    /// <summary>Clients that may have a series of probes at once.</summary>
    public const int MaxPings = 32;

    private const int MaxClients = MaxPings + 8; // the others are for requests with one answer
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<ControlConnection> _clients = []; // oldest first; guarded by itself
    private readonly LogInterval _refusals = new();
    private readonly LogInterval _failures = new();

    /// <summary>Begins to serve.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        LogListening(logger, identity.Path);
        _ = AcceptAsync(identity.Listener);
        return Task.CompletedTask;
    }

    /// <summary>Every hosted service has started, the node among them.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        running.Started();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _stop.Cancel();
        identity.Dispose();
        lock (_clients)
        {
            foreach (ControlConnection client in _clients)
                client.Dispose();
        }
    }

    private async Task AcceptAsync(UnixListener listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Admit(await listener.AcceptAsync(_stop.Token).ConfigureAwait(false), listener);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception) when (!_stop.IsCancellationRequested)
            {
                // No descriptor or no memory is left. The connections wait in the backlog meanwhile.
                if (_failures.TryPass(out long suppressed))
                    LogAcceptFailed(logger, exception.Message, suppressed);
                await Task.Delay(s_retryDelay, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Admit(UnixClient accepted, UnixListener listener)
    {
        ControlConnection client = new(accepted.Socket, running, TryBeginPing);
        if (!accepted.IsAllowed)
        {
            string user = accepted.UserId?.ToString(CultureInfo.InvariantCulture) ?? "unknown";
            if (_refusals.TryPass(out long suppressed))
                LogRefused(logger, user, suppressed);
            string allowed = string.Join(
                ", ",
                listener.AllowedUserIds.Select(static id => id.ToString(CultureInfo.InvariantCulture))
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
            // A client that has not sent a request makes room for the next one.
            if (_clients.Count >= MaxClients && _clients.Find(static other => !other.HasAsked) is { } idle)
            {
                _clients.Remove(idle);
                idle.Dispose();
            }

            if (_clients.Count >= MaxClients)
            {
                client.Refuse(ControlError.BusyWith(MaxClients));
                return;
            }

            _clients.Add(client);
        }

        _ = ServeAsync(client);
    }

    // Series of probes may be endless: they leave places for "health" and "stat".
    private bool TryBeginPing(ControlConnection client)
    {
        lock (_clients)
        {
            if (_clients.Count(static other => other.IsPinging) >= MaxPings)
                return false;
            client.IsPinging = true;
            return true;
        }
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
                _clients.Remove(client);
        }
    }

    [LoggerMessage(EventId = 8200, Level = LogLevel.Information, Message = "Control socket at {Path}")]
    private static partial void LogListening(ILogger logger, string path);

    [LoggerMessage(
        EventId = 8201,
        Level = LogLevel.Warning,
        Message = "User id {User} was refused at the control socket "
            + "({Suppressed} more since the last of these entries)"
    )]
    private static partial void LogRefused(ILogger logger, string user, long suppressed);

    [LoggerMessage(
        EventId = 8202,
        Level = LogLevel.Warning,
        Message = "The control socket accepts no connection for now: {Reason} "
            + "({Suppressed} more since the last of these entries)"
    )]
    private static partial void LogAcceptFailed(ILogger logger, string reason, long suppressed);
}
