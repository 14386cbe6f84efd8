using Microsoft.Extensions.Logging;

namespace Tarantool.Client.Diagnostics;

/// <summary>
/// The log entries about connections. A server that stays away or flaps for hours causes few: each kind is limited by
/// <see cref="ReportLimit"/> until a connection is stable. Thread-safe.
/// </summary>
/// <param name="logger">The logger.</param>
/// <param name="time">The clock.</param>
internal sealed class ConnectionReports(ILogger logger, TimeProvider time)
{
    private readonly ReportLimit _connected = new(time);
    private readonly ReportLimit _lost = new(time);
    private readonly ReportLimit _failed = new(time);
    private readonly ReportLimit _passedOver = new(time);
    private readonly ReportLimit _shuttingDown = new(time);

    public void Connected(string address, TarantoolServerInfo server)
    {
        if (_connected.MayReport(out _))
            Log.Connected(logger, address, server.Version, server.InstanceId);
    }

    public void Lost(string address, int inFlight, Exception reason)
    {
        if (_lost.MayReport(out long more))
            Log.ConnectionLost(logger, address, inFlight, more, reason);
    }

    public void Failed(string addresses, int attempt, TimeSpan delay, Exception reason)
    {
        if (_failed.MayReport(out long more))
            Log.ConnectFailed(logger, addresses, attempt, more, delay, reason);
    }

    /// <summary>A server failed, but a later one of the list is used.</summary>
    public void PassedOver(string address, Exception reason)
    {
        if (_passedOver.MayReport(out long more))
            Log.PassedOver(logger, address, more, reason);
    }

    public void ShuttingDown(string address)
    {
        if (_shuttingDown.MayReport(out long more))
            Log.ShuttingDown(logger, address, more);
    }

    /// <summary>
    /// A connection has lasted: what was not reported is summed up, and the next event is reported at once.
    /// </summary>
    public void Stable(string address)
    {
        (long connections, long losses, long attempts) = (_connected.Reset(), _lost.Reset(), _failed.Reset());
        _passedOver.Reset();
        _shuttingDown.Reset();
        if (connections + losses + attempts > 0)
            Log.Stable(logger, address, connections, losses, attempts);
    }
}
