using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace FastForward.Transport;

/// <summary>Accepts the pipes that other nodes, or this one, connect to a service. Made by <see cref="ForwardClient.Listen"/>.</summary>
/// <remarks>
/// The other side is connected as soon as its pipe is in the backlog; above <see cref="ForwardClientOptions.PipeBacklog"/>
/// it is rejected with <see cref="ForwardPipeException.BacklogFull"/>. Safe on any thread.
/// </remarks>
public sealed class ForwardPipeListener : IDisposable
{
    private readonly ForwardClient _client;
    private readonly Channel<ForwardPipe> _backlog;
    private readonly int _limit;
    private int _isDisposed;

    internal ForwardPipeListener(ForwardClient client, ushort service, int backlog)
    {
        _client = client;
        _limit = backlog;
        _backlog = Channel.CreateBounded<ForwardPipe>(backlog);
        Service = service;
    }

    /// <summary>The service.</summary>
    public ushort Service { get; }

    /// <summary>Waits for the next pipe. It belongs to the caller, who disposes of it.</summary>
    /// <param name="cancellation">Ends the wait; no pipe is lost by that.</param>
    /// <exception cref="ObjectDisposedException">The listener was disposed of, or the client ended.</exception>
    public async ValueTask<ForwardPipe> AcceptAsync(CancellationToken cancellation = default)
    {
        try
        {
            return await _backlog.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(
                nameof(ForwardPipeListener),
                $"The listener of service 0x{Service:x4} was disposed of, or its client ended."
            );
        }
    }

    /// <summary>All pipes, until the listener is disposed of or the client ends. Each belongs to the caller, who disposes of it.</summary>
    /// <param name="cancellation">Ends the enumeration with <see cref="OperationCanceledException"/>.</param>
    public async IAsyncEnumerable<ForwardPipe> AcceptAllAsync(
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        while (await _backlog.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false))
        {
            while (_backlog.Reader.TryRead(out ForwardPipe? pipe))
                yield return pipe;
        }
    }

    /// <summary>
    /// Takes no more pipes; those in the backlog are reset with <see cref="ForwardPipeException.NoListener"/>. Pipes that
    /// were accepted go on.
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

    /// <summary>Nothing comes any more.</summary>
    internal void Close()
    {
        _backlog.Writer.TryComplete();
        while (_backlog.Reader.TryRead(out ForwardPipe? pipe))
        {
            pipe.Output.Complete(
                new ForwardPipeException(
                    ForwardPipeException.NoListener,
                    $"The listener of service 0x{Service:x4} was disposed of."
                )
            );
            pipe.Input.Complete();
        }
    }
}
