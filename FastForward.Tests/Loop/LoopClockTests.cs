using FastForward.Transport.Loop;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Loop;

[TestFixture]
public sealed class LoopClockTests
{
    [Test]
    public void Time_advances_before_the_first_cycle_and_is_constant_between_cycles()
    {
        FakeTimeProvider time = new();
        using ForwardLoop loop = new(time: time);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.That(
            loop.NowMicros,
            Is.EqualTo(3_000_000),
            "what is set up before the loop runs must not count from its creation"
        );
        loop.DoWork();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(loop.NowMicros, Is.EqualTo(3_000_000));
        loop.DoWork();
        Assert.That(loop.NowMicros, Is.EqualTo(4_000_000));
    }
}
