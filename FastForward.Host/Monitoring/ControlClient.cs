using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FastForward.Host.Control;

namespace FastForward.Host.Monitoring;

/// <summary>One request to a running host, and the lines of its answer.</summary>
internal sealed class ControlClient : IDisposable
{
    // Once the backlog of a stopped process is full, the kernel blocks the next connect without a limit.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    private readonly string _path;
    private readonly Socket _socket;
    private readonly StreamReader _answers;

    private ControlClient(string path, TimeSpan timeout)
    {
        _path = path;
        _socket = NewSocket(timeout);
        try
        {
            _socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            _socket.Dispose();
            throw Explain(path, exception);
        }

        _answers = new StreamReader(new NetworkStream(_socket), Encoding.UTF8);
    }

    /// <summary>Connects and asks.</summary>
    /// <param name="path">The control socket.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="timeout">How long the host may take to accept; 5 s by default.</param>
    /// <exception cref="ControlFailure">No host runs there, or it may not be asked.</exception>
    public static ControlClient Ask(string path, ControlRequest request, TimeSpan? timeout = null)
    {
        ControlClient client = new(path, timeout ?? s_timeout);
        try
        {
            client._socket.Send([
                .. JsonSerializer.SerializeToUtf8Bytes(request, ControlJson.Default.ControlRequest),
                (byte)'\n',
            ]);
        }
        catch (SocketException)
        {
            // The host has refused and closed the connection; its answer can still be read.
        }

        return client;
    }

    /// <summary>Whether a process listens, which may still refuse the request; otherwise the file is stale.</summary>
    public static bool IsAnswered(string path, TimeSpan? timeout = null)
    {
        using Socket socket = NewSocket(timeout ?? s_timeout);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode is SocketError.AccessDenied or SocketError.WouldBlock;
        }
    }

    /// <summary>The next line.</summary>
    /// <param name="timeout">How long to wait for it.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="ControlFailure">None came, or the host refused; the message says why.</exception>
    public async Task<ControlAnswer> ReadAsync(TimeSpan timeout, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(timeout);
        ControlAnswer answer;
        try
        {
            string? line = await _answers.ReadLineAsync(limit.Token).ConfigureAwait(false);
            if (line is null)
                throw new ControlFailure(
                    $"the host at {_path} ended the connection: it stops, or serves too many clients",
                    ExitCode.Unavailable
                );
            answer = JsonSerializer.Deserialize(line, ControlJson.Default.ControlAnswer) ?? new ControlAnswer();
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new ControlFailure(
                $"the host at {_path} does not answer: its process is stopped, or the machine is too busy",
                ExitCode.Unavailable
            );
        }
        catch (IOException exception)
        {
            throw new ControlFailure(
                $"the host at {_path} ended the connection: {exception.Message}",
                ExitCode.Unavailable
            );
        }
        catch (JsonException exception)
        {
            throw new ControlFailure(
                $"what listens at {_path} does not speak the protocol of the control socket: {exception.Message}",
                ExitCode.Unavailable
            );
        }

        if (answer.Error is { } error)
            throw new ControlFailure(
                error.Message,
                error.Code == ControlError.NotPermitted ? ExitCode.NotPermitted : ExitCode.Unavailable
            );
        return answer;
    }

    public void Dispose()
    {
        _answers.Dispose();
        _socket.Dispose();
    }

    // The time-out of sends is that of connect(2) too (unix(7)).
    private static Socket NewSocket(TimeSpan timeout) =>
        new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            SendTimeout = (int)timeout.TotalMilliseconds,
        };

    private static ControlFailure Explain(string path, Exception exception) =>
        exception switch
        {
            SocketException { SocketErrorCode: SocketError.AccessDenied } => new(
                $"permission denied: {path} needs write permission on the file (socket-mode, socket-group) "
                    + "and search permission on its directories",
                ExitCode.NotPermitted
            ),
            SocketException { SocketErrorCode: SocketError.WouldBlock } => new(
                $"the host at {path} accepts no connection: its process is stopped, or the machine is too busy",
                ExitCode.Unavailable
            ),
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new(
                $"no host runs: the socket {path} was left behind by one that is gone",
                ExitCode.Unavailable
            ),
            SocketException when !File.Exists(path) => new($"no host runs (no socket at {path})", ExitCode.Unavailable),
            _ => new($"{path} is no control socket: {exception.Message}", ExitCode.Unavailable),
        };
}
