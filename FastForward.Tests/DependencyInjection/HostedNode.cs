using FastForward.Transport;
using FastForward.Transport.DependencyInjection;
using FastForward.Transport.Loop;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FastForward.Tests.DependencyInjection;

/// <summary>A host with a node over UNIX sockets in a directory of the test.</summary>
internal sealed class HostedNode : IDisposable
{
    public HostedNode(TemporaryDirectory sockets, uint id, uint other, Action<ForwardBuilder>? configure = null)
    {
        HostApplicationBuilder app = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings()
        );
        app.Services.AddLogging(logging => logging.AddProvider(Log));
        app.Services.AddMetrics();
        app.Services.AddHealthChecks().AddCheck<ForwardHealthCheck>("fastforward");
        ForwardBuilder builder = app
            .Services.AddFastForward(node => node.Node = id)
            .AddSocketTransport(socket =>
            {
                socket.Directory = sockets.Path;
                socket.Port = Port(id);
            })
            .AddRoute(other, TransportKind.Socket, Port(other));
        (configure ?? (static handled => handled.AddHandler<HostedHandler>()))(builder);
        App = app.Build();
    }

    public IHost App { get; }

    public CollectingProvider Log { get; } = new();

    public ForwardNode Node => App.Services.GetRequiredService<ForwardNode>();

    public ForwardLoop Loop => App.Services.GetRequiredService<ForwardLoop>();

    public HostedHandler Handler => App.Services.GetRequiredService<HostedHandler>();

    public static int Port(uint id) => 40_000 + (int)id;

    public void Start() => Eventually.Ends(App.StartAsync(), "the start of the host");

    public void Stop() => Eventually.Ends(App.StopAsync(), "the stop of the host");

    public void Dispose() => App.Dispose();
}
