using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FastForward.Host.Control;

namespace FastForward.Host.Watching;

/// <summary>One request to a running host, and the lines of its answer.</summary>
internal sealed class ControlClient : IDisposable
{
    private readonly string _path;
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StreamReader _answers;

    private ControlClient(string path)
    {
        _path = path;
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
    /// <exception cref="ControlFailure">No host runs there, or it may not be asked.</exception>
    public static ControlClient Ask(string path, ControlRequest request)
    {
        ControlClient client = new(path);
        try
        {
            client._socket.Send([.. JsonSerializer.SerializeToUtf8Bytes(request, ControlJson.Default.ControlRequest), (byte)'\n']);
        }
        catch (SocketException)
        {
            // It has refused and gone: what it said is there to be read.
        }

        return client;
    }

    /// <summary>Somebody has the socket, who may yet refuse to be asked; it is not what a killed host left behind.</summary>
    public static bool IsAnswered(string path)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode == SocketError.AccessDenied;
        }
    }

    /// <summary>The next line.</summary>
    /// <param name="patience">How long to wait for it.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="ControlFailure">None came, or the host refused; the message says why.</exception>
    public async Task<ControlAnswer> ReadAsync(TimeSpan patience, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(patience);
        ControlAnswer answer;
        try
        {
            string? line = await _answers.ReadLineAsync(limit.Token).ConfigureAwait(false);
            if (line is null) throw new ControlFailure($"the host at {_path} ended the connection: it stops, or serves too many clients", ExitCode.Unavailable);
            answer = JsonSerializer.Deserialize(line, ControlJson.Default.ControlAnswer) ?? new ControlAnswer();
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new ControlFailure($"the host at {_path} does not answer: its process is stopped, or the machine is too busy", ExitCode.Unavailable);
        }
        catch (IOException exception)
        {
            throw new ControlFailure($"the host at {_path} ended the connection: {exception.Message}", ExitCode.Unavailable);
        }
        catch (JsonException exception)
        {
            throw new ControlFailure($"what listens at {_path} does not speak the protocol of the control socket: {exception.Message}", ExitCode.Unavailable);
        }

        if (answer.Error is { } error) throw new ControlFailure(error.Message, error.Code == ControlError.NotPermitted ? ExitCode.NotPermitted : ExitCode.Unavailable);
        return answer;
    }

    public void Dispose()
    {
        _answers.Dispose();
        _socket.Dispose();
    }

    private static ControlFailure Explain(string path, Exception exception) => exception switch
    {
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            new($"permission denied: {path} takes write permission on the file (socket-mode, socket-group) and search permission on its directories", ExitCode.NotPermitted),
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
            new($"no host runs: the socket {path} was left behind by one that is gone", ExitCode.Unavailable),
        SocketException when !File.Exists(path) =>
            new($"no host runs (no socket at {path})", ExitCode.Unavailable),
        _ => new($"{path} is no control socket: {exception.Message}", ExitCode.Unavailable),
    };
}
