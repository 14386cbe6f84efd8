using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace FastForward.Transport.Async;

/// <summary>
/// A send between its caller's thread and the loop thread. Pooled by <see cref="PendingSends"/>: it is returned when
/// the caller has taken the result and the loop has finished with it.
/// </summary>
internal sealed class SendOperation(PendingSends owner) : IValueTaskSource<SendResult>
{
    // The caller's code must not run on the loop thread.
    private ManualResetValueTaskSourceCore<SendResult> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancellationToken;
    private int _references;
    private bool _isDecided;

    public uint Node { get; private set; }

    public ulong Stream { get; private set; }

    public MessageClass Class { get; private set; }

    public SendOptions Options { get; private set; }

    /// <summary>Whether it only ends the stream.</summary>
    public bool IsEndOnly { get; private set; }

    /// <summary>
    /// The pipe, request or reply that it belongs to, which has a limit of its own; null for a caller's send.
    /// </summary>
    public ISendScope? Scope { get; private set; }

    /// <summary>Whether it was accepted, refused or cancelled.</summary>
    public bool IsDecided => Volatile.Read(ref _isDecided);

    private ReadOnlyMemory<byte> _payload;
    private long? _realTimeBudget;
    private long _calledAt;

    /// <summary>The queue it waits in; null when it does not.</summary>
    public WaitingSends? Queue { get; set; }

    public SendOperation? Next { get; set; }

    public SendOperation? Previous { get; set; }

    /// <summary>Begins an operation. It is passed to the loop, and its result is awaited once.</summary>
    public ValueTask<SendResult> Begin(
        uint node,
        ulong stream,
        MessageClass messageClass,
        ReadOnlyMemory<byte> payload,
        SendOptions options,
        bool isEndOnly,
        ISendScope? scope,
        long? realTimeBudget,
        CancellationToken cancellationToken
    )
    {
        _references = 2; // the loop and the caller
        _isDecided = false;
        Node = node;
        Stream = stream;
        Class = messageClass;
        Options = options;
        IsEndOnly = isEndOnly;
        Scope = scope;
        _payload = payload;
        _realTimeBudget = realTimeBudget;
        _calledAt = Stopwatch.GetTimestamp();
        _cancellationToken = cancellationToken;
        _registration = cancellationToken.UnsafeRegister(
            static operation => ((SendOperation)operation!).Cancel(),
            this
        );
        return new ValueTask<SendResult>(this, _core.Version);
    }

    /// <summary>Tries to send, on the loop thread.</summary>
    /// <returns>False when the stream is back-pressured: the operation keeps waiting.</returns>
    public bool TrySend(ForwardNode node)
    {
        SendResult result;
        // A cancellation comes either before this or after the decision: the caller's memory is not read after it.
        lock (this)
        {
            if (_isDecided)
                return true;
            try
            {
                result =
                    Scope?.IsOver(node) ?? false ? new SendResult(SendStatus.NotConnected, 0)
                    : IsEndOnly ? new SendResult(node.EndStream(Node, Stream), 0)
                    : node.Send(Node, Stream, Class, _payload.Span, Options, _realTimeBudget, Waited());
            }
#pragma warning disable CA1031 // The caller's memory may throw anything; the exception belongs to the caller.
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

        if (result.IsAccepted)
            Scope?.OnAccepted();
        _core.SetResult(result);
        return true;
    }

    /// <summary>Completes it with a status, unless it is completed.</summary>
    public void Fail(SendStatus status)
    {
        if (TryDecide())
            _core.SetResult(new SendResult(status, 0));
    }

    public void AddReference() => Interlocked.Increment(ref _references);

    /// <summary>Releases a reference. The operation is recycled with the last one.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        _payload = default;
        Scope = null;
        owner.Recycle(this);
    }

    SendResult IValueTaskSource<SendResult>.GetResult(short token)
    {
        // Awaited twice or too early: throws, and the send continues.
        if (token != _core.Version || _core.GetStatus(token) == ValueTaskSourceStatus.Pending)
            return _core.GetResult(token);
        _registration.Dispose(); // waits for a running callback, which must not reach the next use of this object
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

    // The budget of a real-time message counts from the call, not from the end of the wait for room.
    private long Waited() =>
        Class == MessageClass.RealTime ? (long)Stopwatch.GetElapsedTime(_calledAt).TotalMicroseconds : 0;

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
        AddReference(); // for the queue of cancelled operations
        owner.Cancelled(this);
        _core.SetException(new OperationCanceledException(_cancellationToken));
    }
}
