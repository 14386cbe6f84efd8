using System.Threading.Channels;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;

namespace FastForward.Host.Control;

/// <summary>
/// One client's series of probes. Probes and results belong to the loop thread; answers wait in a bounded queue, and a
/// client that lets it overflow ends the series.
/// </summary>
internal sealed class PingRun(ForwardLoop loop, ForwardNode node, ControlRequest request)
{
    private const int LargestQueue = 1024;

    private readonly Channel<ControlAnswer> _answers = Channel.CreateBounded<ControlAnswer>(
        new BoundedChannelOptions(LargestQueue) { SingleReader = true }
    );

    // Owned by the loop thread.
    private long _outstanding;
    private long _asked;
    private bool _isOver;

    /// <summary>What to write, in order; it ends with the series.</summary>
    public ChannelReader<ControlAnswer> Answers => _answers.Reader;

    /// <summary>Asks as often as was wanted, until <paramref name="stop"/>.</summary>
    public async Task AskAsync(CancellationToken stop)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(request.IntervalMillis));
        try
        {
            do
            {
                // One at a time: a loop that hangs must not accumulate requests.
                TaskCompletionSource taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
                loop.Post(() =>
                {
                    Ask();
                    taken.SetResult();
                });
                await taken.Task.WaitAsync(ControlConnection.Timeout, stop).ConfigureAwait(false);
                if (_isOver || (request.Count > 0 && _asked >= request.Count))
                    break;
            } while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            _answers.Writer.TryComplete();
        }
        catch (TimeoutException)
        {
            _answers.Writer.TryWrite(new ControlAnswer { Error = ControlError.LoopStalled });
            _answers.Writer.TryComplete();
        }
    }

    private void Ask()
    {
        long sequence = ++_asked;
        PingStart start = node.Ping(
            request.Node,
            result => OnResult(sequence, result),
            TimeSpan.FromMilliseconds(request.TimeoutMillis),
            request.Size
        );
        switch (start.Status)
        {
            case PingStatus.Started:
                if (sequence == 1)
                    PutBegin();
                _outstanding += start.Paths;
                break;
            case PingStatus.UnknownNode:
                EndWith(
                    new ControlError(
                        ControlError.UnknownNode,
                        $"no such node: no route of node {node.Id} leads to {request.Node}"
                    )
                );
                break;
            case PingStatus.Stopping:
                EndWith(new ControlError(ControlError.Stopping, $"node {node.Id} stops"));
                break;
            default:
                if (sequence == 1)
                    PutBegin();
                string reason =
                    start.Status == PingStatus.TooManyOutstanding
                        ? "too many probes are under way to it"
                        : node.GetPeer(request.Node)?.Reason ?? "no path";
                Put(
                    new ControlAnswer
                    {
                        Reply = new PingReply(sequence, PingReply.NotConnected, false, 0, 0, null, reason),
                    }
                );
                break;
        }

        EndWhenDone();
    }

    private void OnResult(long sequence, PingResult result)
    {
        _outstanding--;
        string outcome = result.Outcome switch
        {
            PingOutcome.Answered => PingReply.Answered,
            PingOutcome.TimedOut => PingReply.TimedOut,
            PingOutcome.TooLong => PingReply.TooLong,
            _ => PingReply.PathLost,
        };
        string? transport = result.Transport is { } kind ? TransportTypeMap.NameOf(kind) : null;
        Put(
            new ControlAnswer
            {
                Reply = new PingReply(
                    sequence,
                    outcome,
                    result.IsPathInUse,
                    (long)result.RoundTrip.TotalMicroseconds,
                    (long)result.HoldTime.TotalMicroseconds,
                    transport,
                    Remote: result.Remote?.ToString(),
                    Local: result.Local?.ToString()
                ),
            }
        );
        EndWhenDone();
    }

    private void PutBegin() => Put(new ControlAnswer { Begin = new PingBegin(request.Node, node.Id) });

    private void EndWhenDone()
    {
        if (_isOver || request.Count == 0 || _asked < request.Count || _outstanding > 0)
            return;
        Put(new ControlAnswer { End = new PingEnd(_asked) });
        End();
    }

    private void EndWith(ControlError error)
    {
        Put(new ControlAnswer { Error = error });
        End();
    }

    private void End()
    {
        _isOver = true;
        _answers.Writer.TryComplete();
    }

    private void Put(ControlAnswer answer)
    {
        if (!_isOver && !_answers.Writer.TryWrite(answer))
            End();
    }
}
