using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace FastForward.Transport;

/// <summary>
/// Accepts the pipes that other nodes, or this one, connect to a service. Made by <see cref="ForwardClient.Listen"/>.
/// </summary>
/// <remarks>
/// The other side is connected as soon as its pipe is in the backlog; above
/// <see cref="ForwardClientOptions.PipeBacklog"/> it is rejected with <see cref="ForwardPipeException.BacklogFull"/>.
/// Thread-safe.
/// </remarks>
public sealed class ForwardPipeListener : IDisposable
{
    private readonly ForwardClient _client;
    private readonly Channel<ForwardPipe> _backlog;
    private readonly int _limit;
    private int _isDisposed;

    internal ForwardPipeListener(ForwardClient client, ServiceId service, int backlog)
    {
        _client = client;
        _limit = backlog;
        _backlog = Channel.CreateBounded<ForwardPipe>(backlog);
        Service = service;
    }

    /// <summary>The service.</summary>
    internal ServiceId Service { get; }

    /// <summary>Waits for the next pipe. It belongs to the caller, who disposes of it.</summary>
    /// <param name="cancellationToken">Ends the wait; no pipe is lost by that.</param>
    /// <exception cref="ObjectDisposedException">The listener was disposed of, or the client ended.</exception>
    public async ValueTask<ForwardPipe> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _backlog.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(
                nameof(ForwardPipeListener),
                $"The listener of service {Service} was disposed of, or its client ended."
            );
        }
    }

    /// <summary>
    /// All pipes, until the listener is disposed of or the client ends. Each belongs to the caller, who disposes of it.
    /// </summary>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>.</param>
    public async IAsyncEnumerable<ForwardPipe> AcceptAllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        while (await _backlog.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_backlog.Reader.TryRead(out ForwardPipe? pipe))
                yield return pipe;
        }
    }

    /// <summary>
    /// Accepts no more pipes; those in the backlog are reset with <see cref="ForwardPipeException.NoListener"/>.
    /// Accepted pipes continue.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
            return;
        _client.Remove(this);
        Close();
    }

    internal bool IsFull => _backlog.Reader.Count >= _limit;

    internal bool TryAdd(ForwardPipe pipe) => _backlog.Writer.TryWrite(pipe);

    /// <summary>No pipe follows; those in the backlog are reset.</summary>
    internal void Close()
    {
        _backlog.Writer.TryComplete();
        while (_backlog.Reader.TryRead(out ForwardPipe? pipe))
        {
            pipe.Output.Complete(
                new ForwardPipeException(
                    ForwardPipeException.NoListener,
                    $"The listener of service {Service} was disposed of."
                )
            );
            pipe.Input.Complete();
        }
    }
}
