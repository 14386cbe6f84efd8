using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Running;

/// <summary>
/// Tells the service manager, if one started the process, how far it is: sd_notify(3). A manager that cannot be reached
/// is warned of and changes nothing else. Thread-safe.
/// </summary>
internal sealed partial class ServiceManager(ILogger<ServiceManager> logger)
{
    private readonly SystemdNotifier _systemd = new();
    private readonly Lock _one = new();
    private bool _isReady;

    /// <summary>The node runs.</summary>
    public void Ready()
    {
        lock (_one)
        {
            _isReady = true;
            Notify(ServiceState.Ready);
        }
    }

    /// <summary>The instance file is read again; for units with Type=notify-reload.</summary>
    public void Reloading()
    {
        long micros = Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
        NotifyWhileReady(
            new ServiceState(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={micros}"))
        );
    }

    /// <summary>That is done, whatever came of it.</summary>
    public void Reloaded() => NotifyWhileReady(ServiceState.Ready);

    /// <summary>The node stops; nothing is told after that.</summary>
    public void Stopping()
    {
        lock (_one)
        {
            _isReady = false;
            Notify(ServiceState.Stopping);
        }
    }

    // A reload during the start or the stop must not make the unit look started.
    private void NotifyWhileReady(ServiceState state)
    {
        lock (_one)
        {
            if (_isReady)
                Notify(state);
        }
    }

    private void Notify(ServiceState state)
    {
        try
        {
            _systemd.Notify(state);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            LogNotTold(logger, exception.Message);
        }
    }

    [LoggerMessage(
        EventId = 8111,
        Level = LogLevel.Warning,
        Message = "The service manager cannot be told what this process does (NOTIFY_SOCKET): {Reason}"
    )]
    private static partial void LogNotTold(ILogger logger, string reason);
}
