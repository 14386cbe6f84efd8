using System.Buffers.Binary;
using System.Net;
using FastForward.Benchmarks.CrossProcess;
using FastForward.Benchmarks.CrossProcess.Workloads;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;

namespace FastForward.Benchmarks.Bottleneck;

/// <summary>
/// A node at one end. The near one sends a reliable stream without pause and voice streams, each if requested; the far
/// one counts. The figures may be read on any thread.
/// </summary>
internal sealed class BottleneckNode : IForwardHandler, IDisposable
{
    private const int Port = 30_100;
    private const ulong BulkStream = 1;
    private const int BulkMessage = 16_384;
    private const int VoiceMessage = 55;
    private const long VoicePeriodMicros = 60_000;

    private readonly bool _isNear;
    private readonly bool _hasBulk;
    private readonly int _voices;
    private readonly byte[] _bulk = new byte[BulkMessage];
    private readonly byte[] _voice = new byte[VoiceMessage];
    private readonly List<double> _delays = [];
    private readonly EndThread _thread;
    private ForwardNode? _node;
    private long _bulkBytes;
    private long _voiceMessages;
    private volatile bool _isConnected;
    private volatile bool _isMeasuring;

    public BottleneckNode(bool isNear, bool hasBulk, int voices)
    {
        _isNear = isNear;
        _hasBulk = hasBulk;
        _voices = voices;
        _thread = new EndThread(
            isNear ? BottleneckPath.Near : BottleneckPath.Far,
            Run,
            isNear ? "near node" : "far node"
        );
    }

    public bool IsConnected => _isConnected;

    /// <summary>Bytes of reliable messages that have arrived.</summary>
    public long BulkBytes => Volatile.Read(ref _bulkBytes);

    /// <summary>Voice messages that were sent by the near node, or have arrived at the far one.</summary>
    public long VoiceMessages => Volatile.Read(ref _voiceMessages);

    /// <summary>Whether delays are recorded.</summary>
    public bool IsMeasuring
    {
        set => _isMeasuring = value;
    }

    /// <summary>Delays of voice messages in milliseconds, in ascending order; after <see cref="Dispose"/>.</summary>
    public IReadOnlyList<double> Delays
    {
        get
        {
            _delays.Sort();
            return _delays;
        }
    }

    public void ThrowOnFailure() => _thread.ThrowOnFailure();

    public void OnMessage(in ReceivedMessage message)
    {
        if (message.Class == MessageClass.Reliable)
        {
            Volatile.Write(ref _bulkBytes, _bulkBytes + message.Payload.Length);
            return;
        }

        Volatile.Write(ref _voiceMessages, _voiceMessages + 1);
        if (_isMeasuring)
            _delays.Add((Clock.Now - BinaryPrimitives.ReadInt64LittleEndian(message.Payload)) / 1e6);
    }

    public void OnPeer(in PeerEvent change)
    {
        if (change.Kind is PeerEventKind.Refused or PeerEventKind.Unusable)
            Console.Error.WriteLine($"{change.Kind}: {change.Reason}");
    }

    public void OnWritable(uint node, ulong stream)
    {
        if (stream == BulkStream)
            SendBulk();
    }

    public void Dispose() => _thread.Dispose();

    private static uint IdOf(bool isNear) => isNear ? 1u : 2u;

    private void Run(Func<bool> isOver)
    {
        IPAddress own = _isNear ? BottleneckPath.Near : BottleneckPath.Far,
            other = _isNear ? BottleneckPath.Far : BottleneckPath.Near;
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block, FailFast = true });
        using OverrideResolver routes = new(
            [new StaticRouteSource([new RouteRow(IdOf(!_isNear), 0, TransportKind.Ip, other.ToString(), Port)])],
            new RouteOptions { AllowUnkeyedNetwork = true }
        );
        _node = new ForwardNode(
            loop,
            new ForwardNodeOptions { Node = IdOf(_isNear), AllowUnkeyedNetwork = true },
            [new IpTransport(new IpTransportOptions { Port = Port, Addresses = [own] })],
            routes
        );
        using ForwardNode node = _node;
        node.Start(this);
        TransportAvailability transport = node.Transports[TransportKind.Ip];
        if (!transport.IsAvailable)
            throw new BenchmarkFailure($"FastForward's transport: {transport.Reason}");
        LoopTimer tick = null!;
        tick = loop.CreateTimer(() =>
        {
            _isConnected = node.GetPeer(IdOf(!_isNear))?.State == PeerState.Connected;
            tick.SetAfter(TimeSpan.FromMilliseconds(20)); // also ends a sleep, so that the end is noticed
        });
        tick.SetAfter(TimeSpan.Zero);
        while (!isOver() && !_isConnected)
            loop.Idle(loop.DoWork());
        if (_isNear && !isOver())
            StartStreams(loop);
        while (!isOver())
            loop.Idle(loop.DoWork());
    }

    private void StartStreams(ForwardLoop loop)
    {
        for (int i = 0; i < _voices; i++)
            StartVoice(loop, BulkStream + 1 + (ulong)i, i * VoicePeriodMicros / _voices);
        if (_hasBulk)
            SendBulk();
    }

    private void SendBulk()
    {
        while (_node!.Send(IdOf(!_isNear), BulkStream, MessageClass.Reliable, _bulk).IsAccepted)
            ; // until there is no room
    }

    private void StartVoice(ForwardLoop loop, ulong stream, long phase)
    {
        long start = loop.ReadMicros(),
            due = start + phase,
            origin = Clock.Now - (start * 1000);
        LoopTimer timer = null!;
        timer = loop.CreateTimer(() =>
        {
            BinaryPrimitives.WriteInt64LittleEndian(_voice, origin + (due * 1000));
            if (_node!.Send(IdOf(!_isNear), stream, MessageClass.RealTime, _voice).IsAccepted)
                Volatile.Write(ref _voiceMessages, _voiceMessages + 1);
            due += VoicePeriodMicros;
            timer.SetAt(due);
        });
        timer.SetAt(due);
    }
}
