using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>
/// Runs the node of a container: gives its loop a thread, starts actors and node there, stops them in the opposite order
/// with a drain, and tells when the loop ended before its time.
/// </summary>
internal sealed partial class ForwardService(
    ForwardSetup setup,
    ForwardLoop loop,
    ForwardNode node,
    ActorSystem actors,
    IServiceProvider provider,
    IOptions<ForwardServiceOptions> options,
    IHostApplicationLifetime lifetime,
    ILogger<ForwardService> logger
) : IHostedService, IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan s_disposeLimit = TimeSpan.FromSeconds(10);

    private bool _started;
    private bool _stopped;
    private volatile bool _stopping;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Made here and not with the node, so that handlers and actors may ask for it.
        IForwardHandler handler = setup.Actors.Count == 0 ? setup.Handlers[0](provider) : actors;
        if (handler is ForwardClient client)
            client.Attach(node, loop); // as an actor it is told by the actor system
        foreach (ActorEntry entry in setup.Actors)
            actors.Add(entry.Create(provider), entry.Services);

        loop.Start($"FastForward {node.Id}");
        _started = true;
        _ = WatchAsync();
        try
        {
            bool isUp = await OnLoop(() =>
                {
                    if (setup.Actors.Count > 0)
                        actors.Start(node, loop);
                    node.Start(handler);
                })
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            if (!isUp)
                await loop.Completion.ConfigureAwait(false);
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false); // within its limit: what hangs may be the start itself
            throw;
        }

        LogStarted(logger, node.Id);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_started || _stopped)
            return;
        _stopping = true;
        try
        {
            Task drained = Task.CompletedTask;
            if (await OnLoop(() => drained = node.StopAsync()).WaitAsync(cancellationToken).ConfigureAwait(false))
            {
                await Task.WhenAny(drained, loop.Completion).WaitAsync(cancellationToken).ConfigureAwait(false);
                await OnLoop(actors.Stop).WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            await Task.WhenAny(loop.StopAsync()).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogNotStopped(logger, node.Id);
            _ = loop.StopAsync();
            throw;
        }

        _stopped = true;
        if (loop.Completion.Exception is { } fault)
        {
            // The loop's thread is gone, and nobody else's: what it left behind is taken down here.
            node.Dispose();
            actors.Stop();
            if (options.Value.OnLoopFault == LoopFaultAction.StopHost)
                throw fault.GetBaseException();
        }

        LogStopped(logger, node.Id);
    }

    // A host that could not start its other services does not stop this one, it only disposes of it.
    public async ValueTask DisposeAsync()
    {
        if (!_started || _stopped)
            return;
        using CancellationTokenSource limit = new(s_disposeLimit);
        try
        {
            await StopAsync(limit.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Logged where it happened; disposing does not throw.
        catch (Exception)
#pragma warning restore CA1031
        { }
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <returns>False when the loop ended before it came to the work: what is posted to it then never runs.</returns>
    private async Task<bool> OnLoop(Action work)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() =>
        {
            try
            {
                work();
                done.SetResult();
            }
#pragma warning disable CA1031 // It reaches the caller.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                done.SetException(exception);
            }
        });
        if (await Task.WhenAny(done.Task, loop.Completion).ConfigureAwait(false) != done.Task)
            return false;
        await done.Task.ConfigureAwait(false);
        return true;
    }

    private async Task WatchAsync()
    {
        try
        {
            await loop.Completion.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever ended the loop is reported.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (_stopping)
                return;
            bool stopsHost = options.Value.OnLoopFault == LoopFaultAction.StopHost;
            LogFault(
                logger,
                node.Id,
                stopsHost ? "the host stops" : "the node is dead until the process is restarted",
                exception
            );
            if (stopsHost)
                lifetime.StopApplication();
        }
    }

    [LoggerMessage(EventId = 1600, Level = LogLevel.Information, Message = "Node {Node} has started")]
    private static partial void LogStarted(ILogger logger, uint node);

    [LoggerMessage(EventId = 1601, Level = LogLevel.Information, Message = "Node {Node} has stopped")]
    private static partial void LogStopped(ILogger logger, uint node);

    [LoggerMessage(
        EventId = 1602,
        Level = LogLevel.Error,
        Message = "Node {Node} did not stop within the host's limit: its loop hangs in a callback, or DrainLimit is longer than the host's ShutdownTimeout"
    )]
    private static partial void LogNotStopped(ILogger logger, uint node);

    [LoggerMessage(
        EventId = 1604,
        Level = LogLevel.Critical,
        Message = "The loop of node {Node} ended by an exception: {Consequence}"
    )]
    private static partial void LogFault(ILogger logger, uint node, string consequence, Exception exception);
}
