using System.Text.Json;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary>The key <c>impair</c> of real hosts: what it does, and that no one can overlook it.</summary>
[Category("Process")]
[Parallelizable]
public sealed class ImpairedHostTests
{
    [Test]
    public void It_delays_and_is_seen_in_the_log_and_in_stat()
    {
        using TwoInstances instances = new("IP");
        (RunningProgram near, _) = instances.StartBoth("", "", "impair = delay=40ms, seed=7");
        near.WaitForLine("IMPAIRED: node 25011 loses, delays and repeats the datagrams that it sends on purpose");
        near.WaitForLine("(impair = loss=0%, delay=40ms, seed=7)");

        using (RunningProgram ping = instances.Ping(TwoInstances.Near, TwoInstances.Far, "--count", "1", "--json"))
        {
            Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
            using JsonDocument line = JsonDocument.Parse(ping.Output.Split('\n')[0]);
            Assert.That(
                line.RootElement.GetProperty("reply").GetProperty("roundTripMicros").GetInt64(),
                Is.GreaterThanOrEqualTo(80_000)
            );
        }

        using (
            RunningProgram stat = RunningProgram.StartHost(
                "stat",
                "--once",
                "--instance",
                instances.InstanceFile(TwoInstances.Near)
            )
        )
        {
            Assert.That(stat.WaitForExit(), Is.Zero, stat.Everything);
            Assert.That(
                stat.Output,
                Does.Match("IMPAIRED +on purpose, by impair = loss=0%, delay=40ms, seed=7: of [0-9]+ datagrams")
            );
        }

        near.Signal(RunningProgram.SIGTERM);
        Assert.That(near.WaitForExit(), Is.Zero, near.Everything);
        Assert.That(
            near.Everything,
            Does.Match("IMPAIRED: of [0-9]+ datagrams of node 25011 0 were lost on purpose, 0 in outages, 0 for lack")
        );
    }
}
