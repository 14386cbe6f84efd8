using System.Text.RegularExpressions;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Benchmarks;

/// <summary>
/// The commands about lossy and narrow paths measure what was requested. Times and ratios are not asserted.
/// </summary>
[Category("Process")]
public sealed partial class LossyVoiceTests
{
    [Test]
    public void Each_message_is_counted_and_none_is_reordered_or_delivered_twice()
    {
        using RunningProgram tool = BenchmarkTool.Start(
            "lossy-voice --profile typical --budget 250 --seeds 1 --seed 7 --seconds 3 --warmup 0 --streams 20"
        );
        Assert.That(tool.WaitForExit(JsonRows.WholeRun), Is.Zero, tool.Everything);
        Match round = RoundLine().Match(tool.Everything);
        Assert.That(round.Success, tool.Everything);
        Assert.That(round.Groups["messages"].Value, Is.EqualTo("1000"), "20 streams of 50 messages each");
        string row = tool
            .Output.Split('\n')
            .Single(static line => line.StartsWith("FastForward, budget 250 ms", StringComparison.Ordinal));
        Assert.That(row, Does.Contain(" 0, 0 "), "reordered, delivered twice");
        Assert.That(tool.Output, Does.Not.Contain("NaN"));
        Assert.That(
            tool.Everything,
            Does.Contain("SRT, latency 250 ms, seed 7: ").Or.Contain("apt-get install gcc libsrt-openssl-dev"),
            "SRT is measured, or the tool says what is missing"
        );
    }

    [TestCase("lossy-voice --profile good-wan", "'good-wan' is not one of bad-wan, busy, typical")]
    [TestCase("lossy-voice --budget 0", "'0' is not an integer from 1 to 10000")]
    [TestCase("bottleneck --only quic", "'quic' is not one of tcp, reliable, reliable+tcp")]
    public void A_wrong_option_is_named(string command, string message)
    {
        using RunningProgram tool = BenchmarkTool.Start(command);
        Assert.That(tool.WaitForExit(JsonRows.WholeRun), Is.EqualTo(2), tool.Everything);
        Assert.That(tool.Everything, Does.Contain(message));
    }

    [GeneratedRegex("FastForward, budget 250 ms, seed 7: [0-9]+ of (?<messages>[0-9]+) missing")]
    private static partial Regex RoundLine();
}
