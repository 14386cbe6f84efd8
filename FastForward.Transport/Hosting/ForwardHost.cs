using System.Runtime.InteropServices;
using FastForward.Transport.Actors;
using FastForward.Transport.Async;
using FastForward.Transport.Hosting;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace FastForward.Transport;

/// <summary>
/// A running node without a container: <c>await using ForwardHost host = await ForwardHost.StartAsync(options);</c>.
/// Its loop has a thread of its own. In a program with the generic host use <c>AddFastForward</c> instead.
/// </summary>
/// <remarks>All members are thread-safe. Code that awaits them never continues on the loop thread.</remarks>
public sealed class ForwardHost : IAsyncDisposable
{
    private readonly OverrideResolver _routes;
    private readonly NodeRunner _runner;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ForwardHost(ForwardLoop loop, OverrideResolver routes, ForwardNode node, NodeRunner runner)
    {
        Loop = loop;
        Node = node;
        _routes = routes;
        _runner = runner;
        _ = WatchAsync();
    }

    /// <summary>The node. Its members must be called on the loop thread, unless they say otherwise.</summary>
    public ForwardNode Node { get; }

    /// <summary>The loop; <see cref="ForwardLoop.Post"/> runs code on its thread.</summary>
    public ForwardLoop Loop { get; }

    /// <summary>
    /// Ends when the host has stopped. It fails with the exception that ended the loop, if one did
    /// (<see cref="ForwardLoopOptions.FailFast"/>, or a defect of the library); dispose of the host then as well.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>
    /// Starts a node: binds its transports, starts its handler or actors, and begins to connect to all routes.
    /// </summary>
    /// <param name="options">What to run. It must not be used for a second host at the same time.</param>
    /// <param name="cancellationToken">Cancels the start; everything that was started is stopped again.</param>
    /// <returns>The running host; dispose of it to stop the node.</returns>
    /// <exception cref="OptionsValidationException">
    /// Options are invalid; <see cref="OptionsValidationException.Failures"/> has every problem.
    /// </exception>
    /// <exception cref="TransportException">An end point is not available; nothing stays bound.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<ForwardHost> StartAsync(
        ForwardHostOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        string[] problems = [.. options.FindProblems()];
        if (problems.Length > 0)
            throw new OptionsValidationException(nameof(ForwardHostOptions), typeof(ForwardHostOptions), problems);
        ILoggerFactory loggers = options.LoggerFactory ?? NullLoggerFactory.Instance;
        IForwardHandler handler = options.Handler ?? CreateActors(options);
        ForwardLoop loop = new(options.Loop, options.TimeProvider, loggers.CreateLogger<ForwardLoop>());
        OverrideResolver? routes = null;
        try
        {
            routes = new OverrideResolver(
                options.CreateRouteSources(),
                options.CreateRouteOptions(),
                loggers.CreateLogger<OverrideResolver>()
            );
            ForwardNode node = new(
                loop,
                options.Node,
                options.CreateTransports(),
                routes,
                loggers.CreateLogger<ForwardNode>()
            );
            options.Metrics?.Add(node);
            NodeRunner runner = new(loop, node, handler, loggers.CreateLogger<ForwardHost>());
            await runner.StartAsync(cancellationToken).ConfigureAwait(false);
            return new ForwardHost(loop, routes, node, runner);
        }
        catch
        {
            routes?.Dispose();
            Release(loop);
            throw;
        }
    }

    /// <summary>Measures the round trip to a node through the sessions of both ends.</summary>
    /// <param name="node">The peer; the own id answers by itself.</param>
    /// <param name="timeout">How long to wait for the answer, 1 ms to 1 min; 2 s when null.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The result for the path in use, or for another path when that one has none.</returns>
    /// <exception cref="ForwardSendException">There is no path to the node, or no route leads to it.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Task<PingResult> PingAsync(
        uint node,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default
    ) => PingCall.RunAsync(Loop, Node, node, timeout, cancellationToken);

    /// <summary>
    /// Waits until the process gets SIGINT or SIGTERM, the token is cancelled, or the host ends by itself: what a
    /// program awaits last, before it disposes of the host. From the call on, the signals do not end the process at
    /// once.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting as a signal does, without an exception.</param>
    /// <exception cref="Exception">The loop ended by this exception (<see cref="Completion"/>).</exception>
    public async Task WaitForShutdownAsync(CancellationToken cancellationToken = default)
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using CancellationTokenRegistration cancelled = cancellationToken.Register(() => asked.TrySetResult());
        await (await Task.WhenAny(asked.Task, Completion).ConfigureAwait(false)).ConfigureAwait(false);

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            asked.TrySetResult();
        }
    }

    /// <summary>
    /// Stops in order: the node drains (<see cref="ForwardNodeOptions.DrainLimit"/>) and closes its transports, the
    /// handler or the actors end, the loop ends. A second call waits for the first.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting; the loop is asked to end without a drain.</param>
    /// <exception cref="OperationCanceledException">
    /// It was cancelled; <see cref="DisposeAsync"/> may be called again.
    /// </exception>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await _runner.StopAsync(cancellationToken).ConfigureAwait(false);
        Release();
    }

    /// <summary>
    /// Stops as <see cref="StopAsync"/> does, within 10 s, and never throws: a callback that blocks the loop longer is
    /// in the log, and its thread is left behind.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _runner.DisposeAsync().ConfigureAwait(false);
        Release();
    }

    private static ActorSystem CreateActors(ForwardHostOptions options)
    {
        ActorSystem actors = new(options.LoggerFactory);
        foreach ((IActor actor, ServiceId[] services) in options.Actors)
            actors.Add(actor, services);
        return actors;
    }

    // A loop that still runs would be waited for.
    private static void Release(ForwardLoop loop)
    {
        if (loop.Completion.IsCompleted)
            loop.Dispose();
    }

    private void Release()
    {
        _routes.Dispose();
        Release(Loop);
    }

    private async Task WatchAsync()
    {
        Exception? fault = await _runner
            .WatchAsync("the node carries nothing any more, and ForwardHost.Completion has failed")
            .ConfigureAwait(false);
        if (fault is null)
        {
            _completion.TrySetResult();
            return;
        }

        _completion.TrySetException(fault);
        _ = _completion.Task.Exception; // observed: it is in the log, and nobody has to await the task
    }
}
