using System.Globalization;
using System.Threading.Tasks.Sources;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Connection;

/// <summary>
/// A request that was registered and has not ended. It is reused: from <see cref="RequestTable.Add"/> until its awaiter
/// took the result. It ends exactly once, because only the one who removed it from the table may complete it.
/// </summary>
internal sealed class PendingRequest(RequestTable table) : IValueTaskSource<Response>
{
    private readonly RequestTable _table = table;
    private ManualResetValueTaskSourceCore<Response> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private long _outputPosition;

    public ulong Sync { get; set; }

    public RequestType Type { get; set; }

    /// <summary>When the request was registered, in ticks of the clock's timestamp.</summary>
    public long Started { get; set; }

    /// <summary>When the request times out, in ticks of the clock's timestamp.</summary>
    public long Deadline { get; set; }

    /// <summary>Where its first byte stands in all that the connection ever had to send.</summary>
    public long OutputPosition
    {
        get => Volatile.Read(ref _outputPosition);
        set => Volatile.Write(ref _outputPosition, value);
    }

    public IProgress<TarantoolValue>? Push { get; set; }

    public ValueTask<Response> Task => new(this, _core.Version);

    /// <summary>
    /// Lets the caller's token end the request. Must be called before the task is handed out, so that it cannot meet a
    /// request that was already reused.
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
            // Waits for a callback that is running; afterwards nobody but the table knows this object.
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
