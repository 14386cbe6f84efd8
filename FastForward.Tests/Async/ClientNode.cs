using System.Net;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Tests.Async;

/// <summary>A node with a client on its own loop thread, reachable over a UNIX socket; its row may name IP.</summary>
internal sealed class ClientNode : IAsyncDisposable
{
    private readonly OverrideResolver _resolver;
    private bool _isDisposed;

    public ClientNode(
        string directory,
        uint id,
        uint other,
        ForwardClientOptions? options = null,
        Action<ForwardNodeOptions>? configure = null,
        RouteRow? row = null
    )
    {
        Loop = new ForwardLoop(new ForwardLoopOptions { Idle = IdleStrategy.Block });
        Client = new ForwardClient(options);
        Client.PeerChanged += change =>
        {
            lock (Changes)
                Changes.Add(change);
        };
        Client.Undelivered += report =>
        {
            lock (Reports)
                Reports.Add(report);
        };
        ForwardNodeOptions nodeOptions = new() { Node = id, RealTimeBudget = TimeSpan.FromSeconds(5) };
        configure?.Invoke(nodeOptions);
        _resolver = new OverrideResolver(
            [new StaticRouteSource([row ?? new RouteRow(other, 0, TransportKind.Socket, "", Port(other))])],
            new RouteOptions { SocketDirectory = directory }
        );
        SocketTransport socket = new(new SocketTransportOptions { Port = Port(id), Directory = directory });
        IpTransport ip = new(new IpTransportOptions { Port = 0, Addresses = [IPAddress.Loopback] });
        Node = new ForwardNode(Loop, nodeOptions, [socket, ip], _resolver);
        Client.Attach(Node, Loop);
    }

    public ForwardLoop Loop { get; }

    public ForwardNode Node { get; }

    public ForwardClient Client { get; }

    public uint Id => Node.Id;

    public List<PeerEvent> Changes { get; } = [];

    public List<Undelivered> Reports { get; } = [];

    public void Start()
    {
        Node.Start(Client);
        Loop.Start($"node {Id}");
    }

    /// <summary>Runs a function on the loop thread and waits for it.</summary>
    public T OnLoop<T>(Func<T> function)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(() => done.SetResult(function()));
        Eventually.Ends(done.Task, "work on the loop");
        return done.Task.Result;
    }

    public bool IsConnectedTo(uint other) => OnLoop(() => Node.GetPeer(other)?.State == PeerState.Connected);

    /// <summary>Bytes in the send store of a peer.</summary>
    public long StoredFor(uint other) => OnLoop(() => Node.GetPeer(other)!.UnacknowledgedBytes);

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        OnLoop(() =>
        {
            Node.Dispose();
            return true;
        });
        await Client.DisposeAsync();
        await Loop.StopAsync();
        Loop.Dispose();
        _resolver.Dispose();
    }

    private static int Port(uint id) => (int)(id % 60_000) + 1;
}
