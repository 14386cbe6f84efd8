// Two nodes of one process, each on its own loop, linked by a transport that this program implements itself:
//   dotnet run --project samples/MemoryTransport
using System.Text;
using FastForward.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

using IHost first = Create(node: 2, peer: 3);
using IHost second = Create(node: 3, peer: 2);
await first.StartAsync();
await second.StartAsync();
await Task.WhenAll(Answer(first), Answer(second)).WaitAsync(TimeSpan.FromSeconds(30));
await first.StopAsync();
await second.StopAsync();

static IHost Create(uint node, uint peer)
{
    HostApplicationBuilder app = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
    app.Services.AddFastForward(options => options.Node = node)
        .AddTransport(TransportKind.Rdma, _ => new MemoryTransport((int)node)) // takes the place of RDMA
        .AddRoute(peer, TransportKind.Rdma, port: (int)peer, address: MemoryTransport.Host)
        .AddHandler<Greeter>();
    return app.Build();
}

static Task Answer(IHost host) => host.Services.GetRequiredService<Greeter>().Answered;

internal sealed class Greeter(ForwardNode node) : IForwardHandler
{
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Answered => _answered.Task;

    public void OnPeer(in PeerEvent change)
    {
        if (change.Kind == PeerEventKind.Connected)
            node.OpenStream(change.Node, MessageClass.Reliable, service: 5).Send("hello"u8, SendOptions.End);
    }

    public void OnMessage(in ReceivedMessage message)
    {
        string text = Encoding.UTF8.GetString(message.Payload);
        Console.WriteLine($"node {message.Node} to node {node.Id}: {text}");
        if (message.Service.IsReply)
            _answered.TrySetResult();
        else
            node.OpenReply(message).Send("hello to you"u8, SendOptions.End);
    }
}
