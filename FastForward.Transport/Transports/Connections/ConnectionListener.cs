using System.Diagnostics.CodeAnalysis;
using FastForward.Transport.Interop;
using FastForward.Transport.Logging;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// The listening socket. When descriptors or memory run out, accepting pauses for 100 ms: the socket stays readable,
/// and the loop would never sleep.
/// </summary>
internal sealed unsafe class ConnectionListener
{
    /// <summary>The listener's epoll token; link indexes are never 0.</summary>
    public const ulong Token = 0;

    /// <summary>Connections accepted per poll.</summary>
    public const int LongestBurst = 16;

    private const long ExhaustionPauseMicros = 100_000;

    private readonly ForwardLoop _loop;
    private Descriptor _socket;
    private readonly Epoll _epoll;
    private readonly ConnectionStatistics _statistics;
    private readonly ILogger _logger;
    private readonly LoopTimer _resume;
    private LogGate _pauses;
    private LogGate _refusals;
    private LogGate _bans;

    public ConnectionListener(
        ForwardLoop loop,
        Descriptor socket,
        Epoll epoll,
        ConnectionStatistics statistics,
        ILogger logger
    )
    {
        _loop = loop;
        _socket = socket;
        _epoll = epoll;
        _statistics = statistics;
        _logger = logger;
        _resume = loop.CreateTimer(Resume);
        epoll.Add(socket.Number, LibC.EPOLLIN, Token);
    }

    /// <summary>Accepts one connection.</summary>
    public bool TryAccept([NotNullWhen(true)] out Descriptor? connection)
    {
        connection = null;
        for (int attempt = 0; attempt < LongestBurst && !_socket.IsClosed; attempt++)
        {
            int number = LibC.Accept(_socket, null, null, LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC);
            if (number >= 0 && !DescriptorReserve.Includes(number))
            {
                connection = new Descriptor(number);
                return true;
            }

            int error = LibC.LastError;
            if (number >= 0)
            {
                LibC.Close(number);
                error = Errno.EMFILE;
            }

            if (error == Errno.EAGAIN)
                return false;
            if (error is Errno.EINTR or Errno.ECONNABORTED)
                continue;
            PauseAccepting(error);
            return false;
        }

        return false;
    }

    /// <summary>
    /// Logs, at a limited rate, an inbound connection that was refused; the sink does not know of it.
    /// </summary>
    public void Report(PeerCredentials? from, LinkClosure closure)
    {
        if (
            closure.Reason
            is not (LinkCloseReason.NotPermitted or LinkCloseReason.ProtocolViolation or LinkCloseReason.OpenTimeout)
        )
            return;
        if (!_refusals.TryPass(_loop.NowMicros, out long held))
            return;
        string who = from switch
        {
            { ContextId: { } cid } => $"context id {cid}",
            { UserId: { } user } => $"user id {user}, process {from.ProcessId}",
            _ => "an unknown peer",
        };
        string reason = closure.ToString();
        ConnectionLog.InboundRefused(_logger, who, reason, held);
    }

    /// <summary>Logs, at a limited rate, that processes of a user share no memory for a while.</summary>
    public void ReportRings(uint user, long micros, LinkClosure because)
    {
        if (!_bans.TryPass(_loop.NowMicros, out long held))
            return;
        string reason = because.ToString();
        ConnectionLog.RingsRefused(_logger, user, micros / 1_000_000, reason, held);
    }

    /// <summary>
    /// Listens with another socket, because nothing can reach the present one any more. Takes the ownership, unless it
    /// throws.
    /// </summary>
    /// <exception cref="IOException">A limit of the system is reached; the present one stays.</exception>
    public void Replace(Descriptor socket)
    {
        if (_socket.IsClosed)
        {
            socket.Dispose();
            return;
        }

        _epoll.Add(socket.Number, LibC.EPOLLIN, Token);
        _socket.Dispose();
        _socket = socket;
    }

    // Closing the socket removes it from the epoll instance. A resume timer that is still set checks for this.
    public void Close() => _socket.Dispose();

    private void PauseAccepting(int error)
    {
        _statistics.AcceptPaused();
        _epoll.Modify(_socket.Number, 0, Token);
        _resume.SetAfter(ExhaustionPauseMicros);
        if (!_pauses.TryPass(_loop.NowMicros, out long held))
            return;
        string reason = LibC.Describe(error);
        ConnectionLog.AcceptPaused(_logger, reason, ExhaustionPauseMicros / 1000, held);
    }

    private void Resume()
    {
        if (!_socket.IsClosed)
            _epoll.Modify(_socket.Number, LibC.EPOLLIN, Token);
    }
}
