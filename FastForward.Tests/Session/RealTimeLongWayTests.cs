using System.Buffers.Binary;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>The budget is what is added to the way: neither a long way nor another clock makes anything late.</summary>
[TestFixture]
public sealed class RealTimeLongWayTests
{
    private const long Millisecond = 1_000;

    [TestCase(150)]
    [TestCase(300)]
    public void A_long_way_makes_nothing_late(int oneWayMillis)
    {
        VoiceOutcome outcome = Voice(() => Way(oneWayMillis * Millisecond)).Run();
        Assert.That((outcome.Missing, outcome.Late), Is.EqualTo((0, 0)));
    }

    [Test]
    public void A_way_that_becomes_longer_makes_seven_messages_late_at_most()
    {
        VoiceScenario voice = Voice(
            static () => Way(30 * Millisecond),
            static world =>
                world.Network.At(
                    world.Network.Now + (10 * VoiceScenario.Second),
                    () => world.Forth.Delay += 150 * Millisecond
                )
        );
        VoiceOutcome outcome = voice.Run();
        // The eighth frame in a row shows that the way has changed. Nothing tells before that those are not late.
        Assert.That(outcome.Late, Is.InRange(1, 7));
        Assert.That(outcome.Missing, Is.EqualTo(outcome.Late));
    }

    [Test]
    public void A_way_that_becomes_shorter_makes_late_what_is_still_on_the_longer_one_at_most()
    {
        VoiceScenario voice = Voice(
            static () => Way(180 * Millisecond),
            static world =>
                world.Network.At(
                    world.Network.Now + (10 * VoiceScenario.Second),
                    () => world.Forth.Delay -= 150 * Millisecond
                )
        );
        VoiceOutcome outcome = voice.Run();
        // In 150 ms 20 streams send three messages each at most; those behind them arrive before them.
        Assert.That(outcome.Missing, Is.InRange(1, 20 * 3));
    }

    [TestCase(200)]
    [TestCase(-200)]
    public void A_clock_that_runs_differently_makes_nothing_late(int ppm)
    {
        VoiceScenario voice = Voice(
            static () => Way(30 * Millisecond),
            world =>
                world.Network.Arrives = (to, frame) =>
                {
                    if (to != 2 || frame[1] != (byte)FrameType.Data)
                        return;
                    Span<byte> timestamp = frame.AsSpan(16, 4);
                    uint sent = BinaryPrimitives.ReadUInt32LittleEndian(timestamp);
                    BinaryPrimitives.WriteUInt32LittleEndian(timestamp, (uint)(sent + (sent * (long)ppm / 1_000_000)));
                },
            seconds: 120,
            streams: 5
        );
        VoiceOutcome outcome = voice.Run();
        Assert.That((outcome.Missing, outcome.Late), Is.EqualTo((0, 0)));
    }

    private static DatagramWay Way(long delay) => new() { Delay = delay, Jitter = 5 * Millisecond };

    private static VoiceScenario Voice(
        Func<DatagramWay> way,
        Action<VoiceWorld>? begun = null,
        int seconds = 20,
        int streams = 20
    ) =>
        new(120)
        {
            Way = way,
            Begun = begun,
            Settling = 5,
            Seconds = seconds,
            Streams = streams,
            Seeds = 1,
        };
}
