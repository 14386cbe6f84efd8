using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;

namespace FastForward.Benchmarks.Suites;

/// <summary>A node over one medium. Its loop is driven by the caller or by its own thread.</summary>
internal sealed class BenchmarkNode : IDisposable
{
    private readonly StaticRouteSource _routes = new([]);
    private readonly OverrideResolver _resolver;
    private readonly TransportKind _kind;
    private readonly IForwardTransport _transport;
    private readonly int _port;
    private readonly bool _hasThread;
    private readonly ForwardKey? _key;

    private BenchmarkNode(
        ForwardLoop loop,
        TransportKind kind,
        string directory,
        uint id,
        IForwardHandler handler,
        bool hasThread,
        ForwardKey? key
    )
    {
        Loop = loop;
        _kind = kind;
        _port = (int)id;
        _hasThread = hasThread;
        _key = key;
        _resolver = new OverrideResolver([_routes], new RouteOptions { SocketDirectory = directory });
        _transport = BenchmarkMedia.Create(kind, directory, _port);
        Node = new ForwardNode(
            loop,
            new ForwardNodeOptions
            {
                Node = id,
                RealTimeBudget = TimeSpan.FromSeconds(5),
                Keys = key is null ? [] : [key],
                SealLocal = key is not null,
            },
            [_transport],
            _resolver
        );
        (handler as ForwardClient)?.Attach(Node, loop);
        Node.Start(handler);
    }

    public ForwardLoop Loop { get; }

    public ForwardNode Node { get; }

    public uint Id => Node.Id;

    /// <summary>Creates two connected nodes.</summary>
    /// <param name="kind">The medium.</param>
    /// <param name="directory">The directory for socket files.</param>
    /// <param name="initiator">The handler of the first node.</param>
    /// <param name="responder">The handler of the second node.</param>
    /// <param name="threads">
    /// How many nodes get their own thread, the responder first; with 0 they share a loop.
    /// </param>
    /// <param name="idle">The idle strategy of loops with their own thread.</param>
    /// <param name="isSealed">They have a key, and seal their frames.</param>
    public static (BenchmarkNode Initiator, BenchmarkNode Responder) Pair(
        TransportKind kind,
        string directory,
        IForwardHandler initiator,
        IForwardHandler responder,
        int threads,
        IdleStrategy idle = IdleStrategy.BusySpin,
        bool isSealed = false
    )
    {
        using ForwardKey? key = isSealed ? ForwardKey.Generate(1, 1001, 1002) : null;
        ForwardLoop first = new(new ForwardLoopOptions { Idle = idle });
        ForwardLoop second = threads == 0 ? first : new ForwardLoop(new ForwardLoopOptions { Idle = idle });
        BenchmarkNode a = new(first, kind, directory, 1001, initiator, threads == 2, key);
        BenchmarkNode b = new(second, kind, directory, 1002, responder, threads > 0, key);
        a.Route(b);
        b.Route(a);
        if (threads == 2)
            first.Start("initiator");
        if (threads > 0)
            second.Start("responder");
        a.Until(() => a.Node.GetPeer(b.Id)?.State == PeerState.Connected);
        b.Until(() => b.Node.GetPeer(a.Id)?.State == PeerState.Connected);
        return (a, b);
    }

    /// <summary>
    /// Waits until a condition, evaluated on the loop thread, holds; drives the loop if it has no thread.
    /// </summary>
    public void Until(Func<bool> condition)
    {
        long began = Environment.TickCount64;
        while (!OnLoop(condition))
        {
            if (_hasThread)
                Thread.Sleep(1);
            else
                Loop.DoWork();
            if (Environment.TickCount64 - began > 30_000)
                throw new InvalidOperationException("The nodes did not reach the expected state within 30 s.");
        }
    }

    public void Dispose()
    {
        OnLoop(() =>
        {
            Node.Dispose();
            return true;
        });
        Loop.Dispose();
        _resolver.Dispose();
    }

    private T OnLoop<T>(Func<T> function)
    {
        if (Loop.IsOnLoopThread)
            return function();
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(() => done.SetResult(function()));
        return done.Task.GetAwaiter().GetResult();
    }

    private void Route(BenchmarkNode other) =>
        _routes.Replace([BenchmarkMedia.Row(other.Id, _key?.Id ?? 0, _kind, other._transport, other._port)]);
}
