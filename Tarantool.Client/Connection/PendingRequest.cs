using System.Globalization;
using System.Threading.Tasks.Sources;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Connection;

/// <summary>
/// A registered request that has not completed. Pooled: in use from <see cref="RequestTable.Add"/> until its awaiter
/// has taken the result. Completes exactly once, because only the code that removed it from the table may complete it.
/// </summary>
internal sealed class PendingRequest(RequestTable table) : IValueTaskSource<Response>
{
    private readonly RequestTable _table = table;
    private ManualResetValueTaskSourceCore<Response> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private long _outputPosition;

    public ulong Sync { get; set; }

    public RequestType Type { get; set; }

    /// <summary>When the request was registered, in ticks of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long Started { get; set; }

    /// <summary>When the request times out, in ticks of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long Deadline { get; set; }

    /// <summary>
    /// The offset of its first byte in the connection's output; see <see cref="OutputQueue.Append"/>.
    /// </summary>
    public long OutputPosition
    {
        get => Volatile.Read(ref _outputPosition);
        set => Volatile.Write(ref _outputPosition, value);
    }

    public IProgress<TarantoolValue>? Push { get; set; }

    public ValueTask<Response> Task => new(this, _core.Version);

    /// <summary>
    /// Cancels the request with the caller's token. Must be called before the task is returned to the caller, so that
    /// it never applies to a request that was reused.
    /// </summary>
    public void EndOn(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(
                static (state, token) =>
                {
                    PendingRequest request = (PendingRequest)state!;
                    if (request._table.TryTake(request))
                        request.Fail(new OperationCanceledException(token));
                },
                this
            );
    }

    public void Complete(Response response)
    {
        string? code = response.IsError ? response.ErrorCode.ToString(CultureInfo.InvariantCulture) : null;
        _table.Ended(this, code, code);
        _core.SetResult(response);
    }

    public void Fail(Exception exception)
    {
        _table.Ended(this, exception.GetType().Name, null);
        _core.SetException(exception);
    }

    Response IValueTaskSource<Response>.GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            // Waits for a running callback; afterwards only the table has a reference to this object.
            _cancellation.Dispose();
            _cancellation = default;
            _core.Reset();
            Push = null;
            _table.Recycle(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<Response>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<Response>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _core.OnCompleted(continuation, state, token, flags);
}
