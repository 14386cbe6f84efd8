using FastForward.Transport.Interop;
using FastForward.Transport.Logging;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Connections;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Socket;

/// <summary>
/// Looks every two seconds whether socket file and lock file are in place, and creates again what was removed.
/// </summary>
internal sealed class SocketFileWatch
{
    private readonly ForwardLoop _loop;
    private readonly SocketFile _file;
    private readonly ConnectionPort _port;
    private readonly ILogger _logger;
    private readonly LoopTimer _timer;
    private LogGate _failures;

    public SocketFileWatch(ForwardLoop loop, SocketFile file, ConnectionPort port, ILogger logger)
    {
        _loop = loop;
        _file = file;
        _port = port;
        _logger = logger;
        _timer = loop.CreateTimer(Check);
        _timer.SetAfter(SocketFile.CheckInterval);
    }

    private void Check()
    {
        if (_file.IsRemoved)
            return;
        try
        {
            RestoredFiles restored = _file.Restore(out Descriptor? listener);
            if (listener is not null)
                Listen(listener);
            if (restored != RestoredFiles.None)
                SocketFileLog.Restored(_logger, _file.Path, restored.ToString());
        }
        catch (IOException exception)
        {
            if (_failures.TryPass(_loop.NowMicros, out long suppressed))
                SocketFileLog.NotRestored(_logger, _file.Path, exception.Message, suppressed);
        }

        _timer.SetAfter(SocketFile.CheckInterval);
    }

    private void Listen(Descriptor listener)
    {
        try
        {
            _port.Replace(listener);
        }
        catch (IOException)
        {
            _file.Abandon(); // the next check tries again
            listener.Dispose();
            throw;
        }
    }
}
