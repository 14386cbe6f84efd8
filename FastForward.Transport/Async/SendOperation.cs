using System.Threading.Tasks.Sources;

namespace FastForward.Transport.Async;

/// <summary>
/// A send between the thread that asked for it and the loop thread. Pooled by <see cref="PendingSends"/>: it goes back when
/// the asking side has taken the result and the loop is done with it.
/// </summary>
internal sealed class SendOperation(PendingSends owner) : IValueTaskSource<SendResult>
{
    // The asking side's code does not run on the loop thread.
    private ManualResetValueTaskSourceCore<SendResult> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancellation;
    private int _references;
    private bool _isDecided;

    public uint Node { get; private set; }

    public ulong Stream { get; private set; }

    public MessageClass Class { get; private set; }

    public SendOptions Options { get; private set; }

    /// <summary>It only ends the stream.</summary>
    public bool IsEndOnly { get; private set; }

    /// <summary>The pipe it is of, which has one at a time: the limit is not for it. Null for a plain send.</summary>
    public ForwardPipe? Pipe { get; private set; }

    /// <summary>It was accepted, refused or cancelled.</summary>
    public bool IsDecided => Volatile.Read(ref _isDecided);

    private ReadOnlyMemory<byte> _payload;

    /// <summary>The queue it waits in; null when it does not.</summary>
    public WaitingSends? Queue { get; set; }

    public SendOperation? Next { get; set; }

    public SendOperation? Previous { get; set; }

    /// <summary>Begins an operation: to be handed to the loop, and awaited once.</summary>
    public ValueTask<SendResult> Begin(
        uint node,
        ulong stream,
        MessageClass messageClass,
        ReadOnlyMemory<byte> payload,
        SendOptions options,
        bool isEndOnly,
        ForwardPipe? pipe,
        CancellationToken cancellation
    )
    {
        _references = 2; // the loop, and whoever takes the result
        _isDecided = false;
        Node = node;
        Stream = stream;
        Class = messageClass;
        Options = options;
        IsEndOnly = isEndOnly;
        Pipe = pipe;
        _payload = payload;
        _cancellation = cancellation;
        _registration = cancellation.UnsafeRegister(static operation => ((SendOperation)operation!).Cancel(), this);
        return new ValueTask<SendResult>(this, _core.Version);
    }

    /// <summary>Tries to send, on the loop thread.</summary>
    /// <returns>False when the stream is back-pressured: the operation goes on waiting.</returns>
    public bool TrySend(ForwardNode node)
    {
        SendResult result;
        // A cancellation is either before this or finds that the send is decided: the caller's memory is not read after it.
        lock (this)
        {
            if (_isDecided)
                return true;
            try
            {
                result =
                    Pipe?.IsOver(node) ?? false ? new SendResult(SendStatus.NotConnected, 0)
                    : IsEndOnly ? new SendResult(node.EndStream(Node, Stream), 0)
                    : node.Send(Node, Stream, Class, _payload.Span, Options);
            }
#pragma warning disable CA1031 // The caller's memory may throw whatever its owner likes, and it is the caller who shall hear it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _isDecided = true;
                _core.SetException(exception);
                return true;
            }

            if (result.Status == SendStatus.BackPressured)
                return false;
            _isDecided = true;
        }

        _core.SetResult(result);
        return true;
    }

    /// <summary>Ends it with a status, unless it has ended.</summary>
    public void Fail(SendStatus status)
    {
        if (TryDecide())
            _core.SetResult(new SendResult(status, 0));
    }

    public void AddReference() => Interlocked.Increment(ref _references);

    /// <summary>One of its users is done with it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        _payload = default;
        Pipe = null;
        owner.Recycle(this);
    }

    SendResult IValueTaskSource<SendResult>.GetResult(short token)
    {
        // Awaited twice, or asked before the end: it throws, and the send goes on.
        if (token != _core.Version || _core.GetStatus(token) == ValueTaskSourceStatus.Pending)
            return _core.GetResult(token);
        _registration.Dispose(); // it waits for a callback under way, which must not meet the next use of this object
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            Release();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<SendResult>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<SendResult>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _core.OnCompleted(continuation, state, token, flags);

    private bool TryDecide()
    {
        lock (this)
        {
            if (_isDecided)
                return false;
            _isDecided = true;
            return true;
        }
    }

    private void Cancel()
    {
        if (!TryDecide())
            return;
        AddReference(); // for the way through the queue of cancelled ones
        owner.Cancelled(this);
        _core.SetException(new OperationCanceledException(_cancellation));
    }
}
