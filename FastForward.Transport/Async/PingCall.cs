using FastForward.Transport.Loop;

namespace FastForward.Transport.Async;

/// <summary>One ping for code that awaits: starts it on the loop thread and picks the result to report.</summary>
internal sealed class PingCall
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(2);

    // Beyond the time-out of the probes: how long a loop may take to run what was posted to it.
    private static readonly TimeSpan s_loopLimit = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource<PingResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _outstanding;
    private PingResult? _best;

    private PingCall() { }

    /// <summary>Runs a ping. Thread-safe.</summary>
    /// <exception cref="ForwardSendException">No probe was sent, or the loop has ended.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is out of range.</exception>
    /// <exception cref="TimeoutException">The loop does not run.</exception>
    public static Task<PingResult> RunAsync(
        ForwardLoop loop,
        ForwardNode node,
        uint peer,
        TimeSpan? timeout,
        CancellationToken cancellationToken
    )
    {
        TimeSpan limit = timeout ?? s_timeout;
        if (limit < TimeSpan.FromMilliseconds(1) || limit > TimeSpan.FromMinutes(1))
            throw new ArgumentOutOfRangeException(nameof(timeout), limit, "It is 1 ms to 1 min; 2 s is a good value.");
        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<PingResult>(cancellationToken)
            : new PingCall().RunAsync(loop, node, peer, limit, cancellationToken);
    }

    private async Task<PingResult> RunAsync(
        ForwardLoop loop,
        ForwardNode node,
        uint peer,
        TimeSpan limit,
        CancellationToken cancellationToken
    )
    {
        loop.Post(() => Start(node, peer, limit));
        await Task.WhenAny(_done.Task, loop.Ended)
            .WaitAsync(limit + s_loopLimit, cancellationToken)
            .ConfigureAwait(false);
        if (!_done.Task.IsCompleted)
            throw new ForwardSendException(peer, SendStatus.Stopping);
        return await _done.Task.ConfigureAwait(false);
    }

    private void Start(ForwardNode node, uint peer, TimeSpan timeout)
    {
        PingStart start = node.Ping(peer, OnResult, timeout);
        _outstanding = start.Paths;
        SendStatus? refusal = start.Status switch
        {
            PingStatus.Started => null,
            PingStatus.UnknownNode => SendStatus.UnknownNode,
            PingStatus.TooManyOutstanding => SendStatus.BackPressured,
            PingStatus.Stopping => SendStatus.Stopping,
            _ => SendStatus.NotConnected,
        };
        if (refusal is { } status)
            _done.TrySetException(new ForwardSendException(peer, status));
    }

    // Results come one per path, in any order.
    private void OnResult(PingResult result)
    {
        _outstanding--;
        if (_best is null || (_best.Value.Outcome != PingOutcome.Answered && result.Outcome == PingOutcome.Answered))
            _best = result;
        if (result.IsPathInUse)
            _done.TrySetResult(result);
        else if (_outstanding == 0)
            _done.TrySetResult(_best.Value);
    }
}
