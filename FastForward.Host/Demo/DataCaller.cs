using FastForward.Transport;
using FastForward.Transport.Loop;

namespace FastForward.Host.Demo;

/// <summary>
/// A data terminal: short bursts of reliable messages, each burst a call of its own. The next one waits for the echoes
/// of the one before, so that a slow network carries fewer of them.
/// </summary>
internal sealed class DataCaller
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMicroseconds(400_000);
    private const int BurstLength = 8;

    private readonly TrafficActor _traffic;
    private readonly Random _random;
    private readonly LoopTimer _timer;
    private readonly byte[] _message = new byte[4096];
    private DemoCall? _call;
    private DemoCall? _former;

    public DataCaller(TrafficActor traffic, ForwardLoop loop, int seed)
    {
        _traffic = traffic;
        _random = new Random(seed);
        _timer = loop.CreateTimer(Begin);
        _timer.SetAfter(_random.NextDouble() * s_pause);
    }

    /// <summary>No burst is under way, and none will be.</summary>
    public bool IsDone => _call is null && _traffic.IsEnding;

    /// <summary>The node takes messages of the stream again.</summary>
    public void OnWritable(ulong stream)
    {
        if (_call?.Stream.Id == stream)
            Continue(_call);
    }

    private void Begin()
    {
        if (_traffic.IsEnding)
            return;
        if (_former is { Outstanding: > 0 })
        {
            _timer.SetAfter(s_pause);
            return;
        }

        _call = _traffic.OpenCall(MessageClass.Reliable);
        Continue(_call);
    }

    private void Continue(DemoCall call)
    {
        while (call.NextSequence < BurstLength)
        {
            Span<byte> message = _message.AsSpan(
                0,
                DemoMessage.HeaderSize + _random.Next(_message.Length - DemoMessage.HeaderSize)
            );
            DemoMessage.Write(message, DemoMessageKind.Data, 0, call.Number, call.NextSequence);
            bool isLast = call.NextSequence == BurstLength - 1;
            if (_traffic.Send(call, message, isLast) == SendStatus.BackPressured)
                return; // OnWritable follows
        }

        (_former, _call) = (call, null);
        _timer.SetAfter(s_pause);
    }
}
