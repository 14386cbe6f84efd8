using FastForward.Transport.Hosting;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>Starts and stops the node of a container with its host, and stops the host when the loop fails.</summary>
internal sealed class ForwardService(
    ForwardSetup setup,
    ForwardLoop loop,
    ForwardNode node,
    IServiceProvider provider,
    IOptions<ForwardServiceOptions> options,
    IHostApplicationLifetime lifetime,
    ILogger<ForwardService> logger
) : IHostedService, IAsyncDisposable, IDisposable
{
    private NodeRunner? _runner;

    private bool StopsHost => options.Value.OnLoopFault == LoopFaultAction.StopHost;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Handlers and actors are created here, not with the node, so that their constructors may depend on it.
        _runner = new NodeRunner(loop, node, setup.CreateHandler(provider), logger);
        await _runner.StartAsync(cancellationToken).ConfigureAwait(false);
        _ = WatchAsync(_runner);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_runner is null)
            return;
        await _runner.StopAsync(cancellationToken).ConfigureAwait(false);
        if (StopsHost && _runner.Fault is { } fault)
            throw fault;
    }

    // A host that fails to start another service disposes this one without stopping it.
    public ValueTask DisposeAsync() => _runner?.DisposeAsync() ?? ValueTask.CompletedTask;

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task WatchAsync(NodeRunner runner)
    {
        Exception? fault = await runner
            .WatchAsync(StopsHost ? "the host stops" : "the node transfers no messages until the process is restarted")
            .ConfigureAwait(false);
        if (fault is not null && StopsHost)
            lifetime.StopApplication();
    }
}
