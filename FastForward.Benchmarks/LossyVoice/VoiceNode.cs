using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using FastForward.Benchmarks.CrossProcess;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Workloads;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Ip;

namespace FastForward.Benchmarks.LossyVoice;

/// <summary>
/// One process of the comparison with a node of FastForward; the counterpart of srt_voice.c, whose head describes the
/// lines that are exchanged. All settings of the node but the budget are the defaults.
/// </summary>
internal sealed class VoiceNode : IForwardHandler, IDisposable
{
    private const long TickMicros = 20_000;
    private const uint Client = 1;
    private const uint Server = 2;
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(20);

    private readonly VoicePlan _plan;
    private readonly ForwardLoop _loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
    private readonly OverrideResolver _routes;
    private readonly ForwardNode _node;
    private readonly LoopTimer _tick;
    private readonly LoopTimer _due;
    private readonly PriorityQueue<int, long> _streams = new();
    private readonly uint[] _numbers;
    private readonly byte[] _message;
    private readonly List<(uint Stream, uint Number, long Due, long Arrival)> _log = new(1 << 16);
    private readonly Stalls _stalls = new();
    private readonly uint _peer;
    private long _start;
    private long _last;

    private VoiceNode(VoicePlan plan)
    {
        _plan = plan;
        _peer = plan.IsClient ? Server : Client;
        _numbers = new uint[plan.PhaseMicros.Count];
        _message = new byte[plan.Size];
        _tick = _loop.CreateTimer(OnTick);
        _due = _loop.CreateTimer(SendDue);
        _routes = new OverrideResolver(
            [new StaticRouteSource([new RouteRow(_peer, 0, TransportKind.Ip, "127.0.0.1", plan.PeerPort)])],
            new RouteOptions()
        );
        _node = new ForwardNode(
            _loop,
            new ForwardNodeOptions
            {
                Node = plan.IsClient ? Client : Server,
                RealTimeBudget = TimeSpan.FromMilliseconds(plan.BudgetMillis),
            },
            [new IpTransport(new IpTransportOptions { Port = plan.OwnPort, Addresses = [IPAddress.Loopback] })],
            _routes
        );
        _node.Start(this);
        OnTick();
    }

    /// <returns>The exit code.</returns>
    public static int Run(VoicePlan plan)
    {
        Clock.Verify();
        Scheduling.SetTimerSlack();
        using VoiceNode node = new(plan);
        using Stream input = Console.OpenStandardInput();
        return plan.IsClient ? node.Send(input) : node.Receive(input);
    }

    public void OnMessage(in ReceivedMessage message)
    {
        if (message.Payload.Length < VoicePlan.HeaderSize)
            return;
        _log.Add(
            (
                BinaryPrimitives.ReadUInt32LittleEndian(message.Payload[8..]),
                BinaryPrimitives.ReadUInt32LittleEndian(message.Payload[12..]),
                BinaryPrimitives.ReadInt64LittleEndian(message.Payload),
                Clock.Now
            )
        );
    }

    public void Dispose()
    {
        _node.Dispose();
        _routes.Dispose();
        _loop.Dispose();
    }

    private int Send(Stream input)
    {
        long limit = Clock.Now + (long)s_connectLimit.TotalNanoseconds;
        while (_node.GetPeer(_peer)?.State != PeerState.Connected)
        {
            if (Clock.Now > limit)
            {
                Console.Error.WriteLine($"no connection to the other node within {s_connectLimit.TotalSeconds} s");
                return ExitCode.Failure;
            }

            Turn();
        }

        for (int i = 0; i < _numbers.Length; i++)
            _streams.Enqueue(i, _plan.PhaseMicros[i]);
        _start = Clock.Now + 10_000_000;
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"begin {_start}"));
        SendDue();
        Task end = EndOf(input);
        while (_streams.Count > 0)
            Turn();
        Console.Out.WriteLine(string.Join('\n', _stalls.Lines));
        while (!end.IsCompleted)
            Turn();
        return ExitCode.Success;
    }

    private int Receive(Stream input)
    {
        Console.Out.WriteLine("ready");
        Task<int> asked = Task.Run(input.ReadByte);
        while (!asked.IsCompleted)
            Turn();
        StringBuilder text = new();
        foreach ((uint stream, uint number, long due, long arrival) in _log)
            text.Append(CultureInfo.InvariantCulture, $"{stream} {number} {due} {arrival}\n");
        Console.Out.Write(text);
        Console.Out.WriteLine(string.Join('\n', _stalls.Lines));
        if (asked.Result >= 0)
            EndOf(input).Wait();
        return ExitCode.Success;
    }

    private void Turn() => _loop.Idle(_loop.DoWork());

    // Also wakes the loop, so that it notices the end of its input.
    private void OnTick()
    {
        Beat();
        _tick.SetAfter(TickMicros);
    }

    private void Beat()
    {
        long now = Clock.Now;
        if (_last != 0)
            _stalls.Add(now, now - _last);
        _last = now;
    }

    private void SendDue()
    {
        Beat();
        while (_streams.TryPeek(out int stream, out long micros))
        {
            if (micros >= _plan.DurationMicros)
            {
                _streams.Dequeue();
                continue;
            }

            long due = _start + (micros * 1000);
            long left = due - Clock.Now;
            if (left > 0)
            {
                _due.SetAt(_loop.ReadMicros() + ((left + 999) / 1000));
                return;
            }

            BinaryPrimitives.WriteInt64LittleEndian(_message, due);
            BinaryPrimitives.WriteUInt32LittleEndian(_message.AsSpan(8), (uint)stream);
            BinaryPrimitives.WriteUInt32LittleEndian(_message.AsSpan(12), _numbers[stream]++);
            SendResult result = _node.Send(_peer, (ulong)stream + 1, MessageClass.RealTime, _message);
            if (!result.IsAccepted)
                throw new BenchmarkFailure($"the node rejected a message: {result.Status}");
            _streams.DequeueEnqueue(stream, micros + VoicePlan.PeriodMicros);
        }
    }

    private static Task EndOf(Stream input) =>
        Task.Run(() =>
        {
            while (input.ReadByte() >= 0)
                ; // nothing else is expected
        });
}
