using System.Net.Sockets;
using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Transport.Sockets;

namespace FastForward.Host.Monitoring;

/// <summary>One request to a running host, and the lines of its answer.</summary>
internal sealed class ControlClient : IDisposable
{
    // Once the backlog of a stopped process is full, the kernel blocks the next connect without a limit.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    private readonly string _path;
    private readonly uint _node;
    private readonly Socket _socket;
    private readonly AnswerReader _answers;

    private ControlClient(string path, TimeSpan timeout, IReadOnlyCollection<uint>? hostUsers, uint node)
    {
        _path = path;
        _node = node;
        try
        {
            _socket = UnixConnector.Connect(path, timeout, hostUsers);
        }
        catch (Exception exception)
            when (exception is SocketException or ArgumentException or UnauthorizedAccessException)
        {
            throw Explain(path, exception);
        }

        _answers = new AnswerReader(_socket);
    }

    /// <summary>Connects and asks.</summary>
    /// <param name="path">The control socket.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="timeout">How long the host may take to accept; 5 s by default.</param>
    /// <param name="hostUsers">The user ids that the host may have, beside the own one and 0.</param>
    /// <param name="node">The node that must answer; 0 when any may.</param>
    /// <exception cref="ControlFailure">No host runs there, or it may not be asked or believed.</exception>
    public static ControlClient Ask(
        string path,
        ControlRequest request,
        TimeSpan? timeout = null,
        IReadOnlyCollection<uint>? hostUsers = null,
        uint node = 0
    )
    {
        ControlClient client = new(path, timeout ?? s_timeout, hostUsers, node);
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
            ReadOnlyMemory<byte> line = await _answers.ReadLineAsync(limit.Token).ConfigureAwait(false);
            if (line.IsEmpty)
                throw new ControlFailure(
                    $"the host at {_path} ended the connection: it stops, or serves too many clients",
                    ExitCode.Unavailable
                );
            answer = AnswerReader.Parse(line.Span);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new ControlFailure(
                $"the host at {_path} does not answer: its process is stopped, or the machine is too busy",
                ExitCode.Unavailable
            );
        }
        catch (SocketException exception)
        {
            throw new ControlFailure(
                $"the host at {_path} ended the connection: {exception.Message}",
                ExitCode.Unavailable
            );
        }
        catch (InvalidDataException exception)
        {
            throw NotTheProtocol(exception.Message);
        }

        if (_node != 0 && answer.Node != _node)
            throw WrongNode(answer.Node);
        if (answer.Error is { } error)
            throw new ControlFailure(
                error.Message,
                error.Code == ControlError.NotPermitted ? ExitCode.NotPermitted : ExitCode.Unavailable
            );
        return answer;
    }

    /// <summary>The host answered something else than was asked for.</summary>
    public ControlFailure NotTheProtocol(string reason) =>
        new(
            $"what listens at {_path} does not speak the protocol of the control socket: {reason}",
            ExitCode.Unavailable
        );

    public void Dispose() => _socket.Dispose();

    private ControlFailure WrongNode(uint? node) =>
        node is { } other
            ? new ControlFailure(
                $"the host at {_path} is node {other}, not node {_node} that was asked for: the socket file was "
                    + "renamed, or is a link to that of another host",
                ExitCode.Unavailable
            )
            : NotTheProtocol($"it does not say that it is node {_node}");

    private static ControlFailure Explain(string path, Exception exception) =>
        exception switch
        {
            SocketException { SocketErrorCode: SocketError.AccessDenied } => new(
                $"permission denied: {path} needs write permission on the file (socket-mode, socket-group) "
                    + "and search permission on its directories",
                ExitCode.NotPermitted
            ),
            UnauthorizedAccessException => new(
                $"{exception.Message}: its answers are not to be believed. If that is the user of the host, name it "
                    + "with --host-user, or the instance file that has it in allowed-users with --instance",
                ExitCode.NotPermitted
            ),
            SocketException { SocketErrorCode: SocketError.WouldBlock } => new(
                $"the host at {path} accepts no connection: its process is stopped, or the machine is too busy",
                ExitCode.Unavailable
            ),
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new(
                $"no host runs: the socket {path} was left behind by one that is gone; start it again, or remove "
                    + "the file",
                ExitCode.Unavailable
            ),
            SocketException
                when Path.GetDirectoryName(path) is { Length: > 0 } directory && !Directory.Exists(directory) => new(
                $"no host can be asked: the directory of its control socket, {directory}, is missing",
                ExitCode.Unavailable
            ),
            SocketException when !File.Exists(path) => new($"no host runs (no socket at {path})", ExitCode.Unavailable),
            _ => new($"{path} is no control socket: {exception.Message}", ExitCode.Unavailable),
        };
}
