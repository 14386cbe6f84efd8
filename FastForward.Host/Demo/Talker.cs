using FastForward.Transport;
using FastForward.Transport.Loop;

namespace FastForward.Host.Demo;

/// <summary>
/// One time slot of a repeater: call after call, each with 1 to 3 headers, superframes of the voice bursts A to F and a
/// terminator, a message every 60 ms.
/// </summary>
internal sealed class Talker
{
    private static readonly TimeSpan s_burst = TimeSpan.FromMicroseconds(60_000);

    private readonly TrafficActor _traffic;
    private readonly Random _random;
    private readonly LoopTimer _timer;
    private readonly byte[] _message = new byte[DemoMessage.VoiceSize];
    private DemoCall? _call;
    private int _headers;
    private int _bursts;
    private TimeSpan _due;

    public Talker(TrafficActor traffic, ForwardLoop loop, int seed)
    {
        _traffic = traffic;
        _random = new Random(seed);
        _timer = loop.CreateTimer(Tick);
        _due = loop.Now + _random.NextDouble() * s_burst; // slots of different repeaters have no common phase
        _timer.SetAt(_due);
    }

    /// <summary>No call is up, and none will be.</summary>
    public bool IsDone => _call is null && _traffic.IsEnding;

    private void Tick()
    {
        if (_call is null && _traffic.IsEnding)
            return;
        if (_call is null)
            Begin();
        Next(_call!);
        _due += _call is null ? TimeSpan.FromMilliseconds(_random.Next(100, 400)) : s_burst;
        _timer.SetAt(_due);
    }

    private void Begin()
    {
        _call = _traffic.OpenCall(MessageClass.RealTime);
        _headers = _random.Next(1, 4);
        _bursts = 6 * _random.Next(5, 9); // 1.8 s to 2.9 s
    }

    private void Next(DemoCall call)
    {
        DemoMessageKind kind = DemoMessageKind.Voice;
        byte burst = 0;
        uint voice = call.NextSequence - (uint)_headers;
        if (call.NextSequence < _headers)
            kind = DemoMessageKind.Header;
        else if (voice >= _bursts || _traffic.IsEnding)
            kind = DemoMessageKind.Terminator;
        else
            burst = (byte)('A' + (voice % 6));

        DemoMessage.Write(_message, kind, burst, call.Number, call.NextSequence);
        _traffic.Send(call, _message, isLast: kind == DemoMessageKind.Terminator);
        if (kind == DemoMessageKind.Terminator)
            _call = null;
    }
}
