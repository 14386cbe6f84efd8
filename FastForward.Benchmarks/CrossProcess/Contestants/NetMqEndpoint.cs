using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Workloads;
using NetMQ;
using NetMQ.Sockets;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>
/// NetMQ: a pair of sockets over TCP. Each process has an I/O thread, which is not pinned. Spins only if there is a
/// core for each of the four threads: with fewer, the spinning thread starves the I/O thread (40 ms instead of 0.1 ms
/// measured on two cores), so it blocks in every mode.
/// </summary>
internal sealed class NetMqEndpoint : IEndpoint
{
    private const int Budget = 256;
    private const int Threads = 4;
    private const int HighWatermark = 10_000; // the default of 1,000 limits its throughput
    private const long SpinNanos = 50_000;
    private const long Millisecond = 1_000_000;
    private readonly PairSocket _socket = new();
    private readonly Mode _mode;
    private readonly bool _onlySends;
    private Msg _incoming;
    private bool _isBlocked;
    private long _lastWork;

    public NetMqEndpoint(SidePlan plan)
    {
        _mode = SpinsHere ? plan.Mode : Mode.Block;
        _onlySends = plan is { Role: Role.Client, Workload: WorkloadKind.Voice };
        _socket.Options.SendHighWatermark = HighWatermark;
        _socket.Options.ReceiveHighWatermark = HighWatermark;
        _socket.Options.Linger = TimeSpan.Zero;
        if (plan.Role == Role.Server)
            Address = $"127.0.0.1:{_socket.BindRandomPort("tcp://127.0.0.1")}";
        else
            _socket.Connect($"tcp://{plan.ServerAddress}");
        _incoming.InitEmpty();
    }

    /// <summary>Whether there are enough cores to spin.</summary>
    public static bool SpinsHere => Scheduling.AllowedProcessors.Count >= Threads;

    public string Address { get; } = "-";

    /// <summary>Always true: NetMQ queues messages until it is connected.</summary>
    public bool IsConnected => true;

    public bool TrySend(ulong stream, ReadOnlySpan<byte> message)
    {
        Msg outgoing = new();
        outgoing.InitPool(message.Length);
        message.CopyTo(outgoing);
        if (_socket.TrySend(ref outgoing, TimeSpan.Zero, more: false))
        {
            outgoing.Close();
            return true;
        }

        outgoing.Close();
        _isBlocked = true;
        return false;
    }

    public void Turn(Workload workload)
    {
        long now = Clock.Now;
        int received = 0;
        if (workload.Due <= now)
            workload.OnDue();
        for (; received < Budget && _socket.TryReceive(ref _incoming, TimeSpan.Zero); received++)
            workload.OnMessage(_incoming);
        if (_isBlocked && (_socket.Poll(PollEvents.PollOut, TimeSpan.Zero) & PollEvents.PollOut) != 0)
        {
            _isBlocked = false;
            workload.OnWritable();
        }

        if (received > 0 || workload.Due <= now)
            _lastWork = now;
        else if (_mode == Mode.Block || (_mode == Mode.Adaptive && now - _lastWork >= SpinNanos))
            Wait(workload);
    }

    public void Dispose() => _socket.Dispose();

    // NetMQ's timeouts are in milliseconds. For shorter waits, sleeps if no message can arrive, otherwise spins.
    private void Wait(Workload workload)
    {
        long left = workload.Due == long.MaxValue ? 1000 * Millisecond : workload.Due - Clock.Now;
        if (_isBlocked)
            _socket.Poll(PollEvents.PollOut | PollEvents.PollIn, TimeSpan.FromMilliseconds(1));
        else if (_onlySends && left is > 0 and < Millisecond)
            Scheduling.SleepUntil(workload.Due);
        else if (
            left >= Millisecond
            && _socket.TryReceive(ref _incoming, TimeSpan.FromMilliseconds(left / Millisecond))
        )
            workload.OnMessage(_incoming);
    }
}
