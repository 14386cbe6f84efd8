using System.Net;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Workloads;
using LiteNetLib;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>
/// LiteNetLib over UDP in its fastest configuration: manual mode (one thread for everything), native sockets,
/// unreliable delivery. Supports spinning only.
/// </summary>
internal sealed class LiteNetEndpoint : IEndpoint
{
    private const long UpdateNanos = 1_000_000;
    private const int MostPerPoll = 256;
    private const int LargestPacket = 1200; // as FastForward; by default its unreliable messages have up to 1020 bytes
    private readonly LiteNetManager _manager;
    private LiteNetPeer? _peer;
    private Workload? _workload;
    private long _lastUpdate = Clock.Now;
    private bool _hasOutput;

    public LiteNetEndpoint(SidePlan plan)
    {
        EventBasedLiteNetListener listener = new();
        listener.ConnectionRequestEvent += static request => request.Accept();
        listener.PeerConnectedEvent += peer => _peer = peer;
        listener.NetworkReceiveEvent += (_, reader, _) => _workload!.OnMessage(reader.GetRemainingBytesSpan());
        _manager = new LiteNetManager(listener)
        {
            UseNativeSockets = true,
            AutoRecycle = true,
            IPv6Enabled = false,
            MaxPacketPerManualReceive = MostPerPoll,
            MtuOverride = LargestPacket,
        };
        int port = plan.Role == Role.Client ? plan.ClientPort : plan.ServerPort;
        if (!_manager.StartInManualMode(IPAddress.Loopback, IPAddress.IPv6Loopback, port))
            throw new BenchmarkFailure($"LiteNetLib did not start on port {port}");
        if (plan.Role == Role.Client)
            _manager.Connect("127.0.0.1", plan.ServerPort, "");
    }

    public string Address => "-";

    public bool IsConnected => _peer is not null;

    public bool TrySend(ulong stream, ReadOnlySpan<byte> message)
    {
        _peer!.Send(message, DeliveryMethod.Unreliable);
        _hasOutput = true;
        return true;
    }

    public void Turn(Workload workload)
    {
        _workload = workload;
        _manager.PollEvents();
        long now = Clock.Now;
        if (workload.Due <= now)
            workload.OnDue();
        if (!_hasOutput && now - _lastUpdate < UpdateNanos)
            return;
        _hasOutput = false;
        _manager.ManualUpdate((now - _lastUpdate) / 1e6f); // sends
        _lastUpdate = now;
    }

    public void Dispose() => _manager.Stop();
}
