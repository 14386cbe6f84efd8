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
    private readonly NodeRunner _runner;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ForwardHost(ForwardLoop loop, ForwardNode node, NodeRunner runner)
    {
        Loop = loop;
        Node = node;
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
    /// <param name="options">
    /// What to run. Valid options start one host, also when that start fails: its transports and its handler have ended
    /// then, so create new ones to try again.
    /// </param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>The running host; dispose of it to stop the node.</returns>
    /// <remarks>After a failure everything is stopped and released again, transports of the caller included.</remarks>
    /// <exception cref="OptionsValidationException">
    /// Options are invalid; <see cref="OptionsValidationException.Failures"/> has every problem. Nothing was started or
    /// released, and the options may be used again.
    /// </exception>
    /// <exception cref="TransportException">An end point is not available; nothing stays bound.</exception>
    /// <exception cref="InvalidOperationException">
    /// The options were used before, the handler has a node already, or an actor failed to start.
    /// </exception>
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
        options.Use();
        List<IForwardTransport> transports = [.. options.Transports];
        ForwardLoop? loop = null;
        OverrideResolver? routes = null;
        NodeRunner? runner = null;
        try
        {
            ILoggerFactory loggers = options.LoggerFactory ?? NullLoggerFactory.Instance;
            IForwardHandler handler = options.Handler ?? CreateActors(options);
            loop = new ForwardLoop(options.Loop, options.TimeProvider, loggers.CreateLogger<ForwardLoop>());
            routes = new OverrideResolver(
                options.CreateRouteSources(),
                options.CreateRouteOptions(),
                loggers.CreateLogger<OverrideResolver>()
            );
            options.AddConfiguredTransports(transports);
            ForwardNode node = new(loop, options.Node, transports, routes, loggers.CreateLogger<ForwardNode>());
            runner = new NodeRunner(loop, node, handler, loggers.CreateLogger<ForwardHost>(), Release);
            await runner.StartAsync(cancellationToken).ConfigureAwait(false);
            options.Metrics?.Add(node);
            return new ForwardHost(loop, node, runner);
        }
        catch when (runner is null)
        {
            foreach (IForwardTransport transport in transports)
                transport.Dispose();
            Release();
            throw;
        }

        void Release()
        {
            routes?.Dispose();
            loop?.Dispose();
        }
    }

    /// <summary>Measures the round trip to a node through the sessions of both ends.</summary>
    /// <param name="node">The peer; the own id answers by itself.</param>
    /// <param name="timeout">How long to wait for the answer, 1 ms to 1 min; 2 s when null.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The result for the path in use, or for another path when that one has none.</returns>
    /// <exception cref="ForwardSendException">
    /// There is no path to the node, no route leads to it, or the host has stopped.
    /// </exception>
    /// <exception cref="TimeoutException">
    /// The loop did not run within <paramref name="timeout"/> and 5 s more: a callback blocks it. For a peer that does
    /// not answer the result is <see cref="PingOutcome.TimedOut"/>.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Task<PingResult> PingAsync(
        uint node,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default
    ) => PingCall.RunAsync(Loop, Node, node, timeout, cancellationToken);

    /// <summary>
    /// Waits until the process gets SIGINT, SIGQUIT or SIGTERM, the token is cancelled, or the host ends by itself:
    /// what a program awaits last, before it disposes of the host. From the call on, the signals do not end the
    /// process at once.
    /// </summary>
    /// <remarks>
    /// These are the signals of .NET's generic host. SIGHUP is left to the program, which may read its configuration
    /// again: without a handler for it (<see cref="PosixSignalRegistration"/>) a terminal that is closed ends the
    /// process at once, and the next start replaces the socket files that it left behind.
    /// </remarks>
    /// <param name="cancellationToken">Ends the waiting as a signal does, without an exception.</param>
    /// <exception cref="Exception">The loop ended by this exception (<see cref="Completion"/>).</exception>
    public async Task WaitForShutdownAsync(CancellationToken cancellationToken = default)
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Stop);
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
    /// <param name="cancellationToken">
    /// Cuts the stop short: the loop ends after its present cycle, without a drain. Everything is released then as
    /// well, and messages that were not acknowledged are reported as undelivered.
    /// </param>
    /// <exception cref="OperationCanceledException">
    /// It was cancelled. A callback that blocks the loop delays the release until it returns.
    /// </exception>
    /// <exception cref="Exception">
    /// A transport or the handler failed to stop: the first failure. Everything else is released.
    /// </exception>
    public Task StopAsync(CancellationToken cancellationToken = default) => _runner.StopAsync(cancellationToken);

    /// <summary>
    /// Stops as <see cref="StopAsync"/> does, within <see cref="ForwardNodeOptions.DrainLimit"/> and 6 s more, and
    /// never throws: failures are logged. A callback that blocks the loop longer is logged as well; the node is
    /// released when that callback returns.
    /// </summary>
    public ValueTask DisposeAsync() => _runner.DisposeAsync();

    private static ActorSystem CreateActors(ForwardHostOptions options)
    {
        ActorSystem actors = new(options.LoggerFactory);
        foreach ((IActor actor, ServiceId[] services) in options.Actors)
            actors.Add(actor, services);
        return actors;
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
        _ = _completion.Task.Exception; // observed: it is in the log, and no one has to await the task
    }
}
