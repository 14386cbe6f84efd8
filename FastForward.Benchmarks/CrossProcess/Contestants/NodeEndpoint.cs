using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Workloads;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>A complete <see cref="ForwardNode"/> whose loop is driven by <see cref="Turn"/>.</summary>
internal sealed class NodeEndpoint : IEndpoint, IForwardHandler
{
    private readonly uint _peer;
    private readonly MessageClass _class;
    private readonly IReadOnlyList<ForwardKey> _keys;
    private readonly ForwardLoop _loop;
    private readonly OverrideResolver _routes;
    private readonly ForwardNode _node;
    private readonly LoopTimer _timer;
    private readonly long _loopOrigin;
    private Workload? _workload;
    private long _armed = long.MaxValue;

    public NodeEndpoint(SidePlan plan)
    {
        uint id = NodeMedium.NodeOf(plan.Role);
        _peer = NodeMedium.PeerOf(plan.Role);
        _class = NodeMedium.ClassOf(plan);
        _keys = NodeMedium.KeysOf(plan);

        // A rejected message must fail the measurement instead of being counted.
        _loop = new ForwardLoop(new ForwardLoopOptions { Idle = IdleOf(plan.Mode), FailFast = true });
        long now = _loop.NowMicros;
        _loopOrigin = Clock.Now - (now * 1000);
        _timer = _loop.CreateTimer(OnTimer);
        _routes = new OverrideResolver(
            [new StaticRouteSource([NodeMedium.RouteToPeer(plan)])],
            new RouteOptions { SocketDirectory = plan.Directory, AllowUnkeyedNetwork = true }
        );
        _node = new ForwardNode(
            _loop,
            new ForwardNodeOptions
            {
                Node = id,
                RealTimeBudget = TimeSpan.FromSeconds(5),
                AllowUnkeyedNetwork = true,
                Keys = _keys,
            },
            [NodeMedium.Create(plan)],
            _routes
        );
        _node.Start(this);
        foreach (TransportAvailability transport in _node.Transports.Values)
        {
            if (!transport.IsAvailable)
                throw new BenchmarkFailure($"FastForward's {plan.Transport} transport: {transport.Reason}");
        }
    }

    public string Address => "-";

    public bool IsConnected => _node.GetPeer(_peer)?.State == PeerState.Connected;

    public bool TrySend(ulong stream, ReadOnlySpan<byte> message)
    {
        SendResult result = _node.Send(_peer, stream, _class, message);
        if (result.IsAccepted)
            return true;
        if (result.Status != SendStatus.BackPressured)
            throw new BenchmarkFailure($"the node rejected a message: {result.Status}");
        return false;
    }

    public void Turn(Workload workload)
    {
        _workload = workload;
        if (workload.Due != _armed)
            Arm(workload.Due);
        _loop.Idle(_loop.DoWork());
    }

    public void OnMessage(in ReceivedMessage message) => _workload!.OnMessage(message.Payload);

    public void OnWritable(uint node, ulong stream) => _workload!.OnWritable();

    public void OnPeer(in PeerEvent change)
    {
        if (change.Kind is PeerEventKind.Lost or PeerEventKind.Refused or PeerEventKind.Unusable)
            Console.Error.WriteLine($"{change.Kind}: {change.Reason}");
    }

    public void Dispose()
    {
        _node.Dispose();
        _routes.Dispose();
        _loop.Dispose();
        foreach (ForwardKey key in _keys)
            key.Dispose();
    }

    private static IdleStrategy IdleOf(Mode mode) =>
        mode switch
        {
            Mode.Spin => IdleStrategy.BusySpin,
            Mode.Adaptive => IdleStrategy.Adaptive,
            _ => IdleStrategy.Block,
        };

    private void OnTimer()
    {
        _armed = long.MaxValue;
        _workload!.OnDue();

        // Re-armed at once, because the loop may go to sleep before the next turn.
        if (_workload.Due != _armed)
            Arm(_workload.Due);
    }

    // The timer has a resolution of 1 us; rounded up, because firing early would cost an extra cycle.
    private void Arm(long due)
    {
        _armed = due;
        if (due == long.MaxValue)
            _timer.Cancel();
        else
            _timer.SetAt(Math.Max(0, (due - _loopOrigin + 999) / 1000));
    }
}
