using FastForward.Transport;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Tests.Impairment;

/// <summary>The text form of an impairment, as instance file, configuration and command line have it.</summary>
public sealed class ImpairmentTextTests
{
    private static readonly ImpairmentOptions s_all = new()
    {
        LossPercent = 2.5,
        MeanBurst = 3,
        Delay = TimeSpan.FromMilliseconds(30),
        Jitter = TimeSpan.FromMicroseconds(1500),
        DuplicatePercent = 0.5,
        ReorderPercent = 1,
        OutageLength = TimeSpan.FromMilliseconds(20),
        OutageInterval = TimeSpan.FromSeconds(5),
        QueueFrames = 100,
        Seed = 7,
    };

    private static IEnumerable<TestCaseData> Texts =>
        [
            new("bad-wan", ImpairmentOptions.BadWan),
            new("Typical", ImpairmentOptions.Typical),
            new("busy", ImpairmentOptions.Busy),
            new("loss=0%", new ImpairmentOptions()),
            new("loss=0.00001%", new ImpairmentOptions { LossPercent = 0.00001 }),
            new(
                "loss=1%,outage=20ms/20.0001s",
                new ImpairmentOptions
                {
                    LossPercent = 1,
                    OutageLength = TimeSpan.FromMilliseconds(20),
                    OutageInterval = TimeSpan.FromMicroseconds(20_000_100),
                }
            ),
            new("bad-wan, seed=7, loss = 5 %", ImpairmentOptions.BadWan with { Seed = 7, LossPercent = 5 }),
            new(
                "loss=2.5%,burst=3,delay=30ms,jitter=1500us,duplicate=0.5%,reorder=1%,outage=20ms/5s,queue=100,seed=7",
                s_all
            ),
            new(
                "loss=0.00001%, delay=1.5005s, jitter=0.1us",
                new ImpairmentOptions
                {
                    LossPercent = 0.00001,
                    Delay = TimeSpan.FromMicroseconds(1_500_500),
                    Jitter = TimeSpan.FromTicks(1),
                }
            ),
        ];

    [TestCaseSource(nameof(Texts))]
    public void A_text_is_read_and_written(string text, object options)
    {
        Assert.That(ImpairmentOptions.TryParse(text, out ImpairmentOptions? read, out string? problem), problem);
        Assert.That(read, Is.EqualTo(options));
        Assert.That(ImpairmentOptions.TryParse(read!.ToString(), out ImpairmentOptions? again, out _));
        Assert.That(again, Is.EqualTo(read), read.ToString());
    }

    [Test]
    public void The_profiles_are_these()
    {
        Assert.That($"{ImpairmentOptions.Typical}", Is.EqualTo("loss=0.1%, burst=2, delay=10ms, jitter=5ms"));
        Assert.That(
            $"{ImpairmentOptions.Busy}",
            Is.EqualTo("loss=0.5%, burst=2, delay=20ms, jitter=20ms, reorder=0.5%")
        );
        Assert.That(
            $"{ImpairmentOptions.BadWan}",
            Is.EqualTo("loss=2%, burst=2, delay=30ms, jitter=75ms, duplicate=0.5%")
        );
    }

    [TestCase("", "'' is neither a profile (typical, busy, bad-wan) nor a part with a value (loss, burst,")]
    [TestCase("worse", "'worse' is neither a profile")]
    [TestCase("loss=2%, busy", "'busy' has no value, as in loss=2%, and a profile (typical, busy, bad-wan) comes")]
    [TestCase("lost=2%", "'lost' is not known; the parts are loss, burst,")]
    [TestCase("loss=2%, Loss=3%", "Loss is given twice")]
    [TestCase("loss=2", "loss=2 is no percentage, as in loss=2%")]
    [TestCase("loss=-2%", "loss=-2% is no percentage")]
    [TestCase("loss=91%", "loss=91% is outside 0%..90%")]
    [TestCase("loss=NaN%", "loss=NaN% is outside 0%..90%")]
    [TestCase("burst=0", "burst=0 is no number from 1 to 1000")]
    [TestCase("burst=0.5", "burst=0.5 is outside 1..1000")]
    [TestCase("loss=80%, burst=2", "burst=2 is too short for loss=80%")]
    [TestCase("delay=30", "delay=30 is no time in us, ms or s, as in delay=30ms")]
    [TestCase("delay=NaNs", "delay=NaNs is no time")]
    [TestCase("delay=11s", "delay=11s is outside 0ms..10s")]
    [TestCase("jitter=10001ms", "jitter=10001ms is outside 0ms..10s")]
    [TestCase("jitter=1e3ms", "jitter=1e3ms is no time")]
    [TestCase("duplicate=101%", "duplicate=101% is outside 0%..100%")]
    [TestCase("reorder=1%", "reorder needs a delay or jitter")]
    [TestCase("delay=1ms, reorder=101%", "reorder=101% is outside 0%..100%")]
    [TestCase("outage=20ms", "outage=20ms is no length and interval, as in outage=20ms/5s")]
    [TestCase("outage=5s/5s", "outage=5s/5s is not a length and a longer interval of at most an hour")]
    [TestCase("outage=1s/3601s", "outage=1s/3601s is not a length")]
    [TestCase("queue=0", "queue=0 is outside 1..65536")]
    [TestCase("queue=many", "queue=many is no number of frames")]
    [TestCase("seed=x", "seed=x is no whole number from 0 to 18446744073709551615, as in seed=7")]
    public void What_is_wrong_is_named(string text, string problem)
    {
        Assert.That(ImpairmentOptions.TryParse(text, out ImpairmentOptions? read, out string? found), Is.False);
        Assert.That(read, Is.Null);
        Assert.That(found, Does.StartWith(problem));
    }

    [Test]
    public void Options_of_a_program_are_checked_too()
    {
        ForwardNodeOptions options = new()
        {
            Node = 1,
            Impairment = new ImpairmentOptions { LossPercent = 200 },
        };
        Assert.That(
            options.FindProblems(),
            Is.EqualTo(new[] { "Impairment: loss=200% is outside 0%..90%; bad-wan is an example." })
        );
    }
}
