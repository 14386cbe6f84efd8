using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Benchmarks;

/// <summary>Runs each benchmark of the suites once, so that broken ones are noticed.</summary>
[TestFixture]
[Category("Process")]
public sealed class SuitesTests
{
    // Mostly compile time: several seconds on an idle machine.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    [Test]
    public void Every_benchmark_runs()
    {
        using TemporaryDirectory artifacts = new();
        using RunningProgram suites = BenchmarkTool.Start($"suites --job Dry --artifacts {artifacts.Path}");
        Assert.That(suites.WaitForExit(s_limit), Is.Zero, suites.Everything);
        foreach (
            string benchmark in new[]
            {
                "RawSocket",
                "Nodes",
                "ToOneself",
                "InHundreds",
                "WriteAndRead",
                "WrongTag",
                "InitWithWrongHash",
                "Client_round_trip",
                "Client_stream",
                "ForwardPipe",
                "SealAndOpen",
                "RefuseFirstMessage",
            }
        )
            Assert.That(suites.Output, Does.Match($@"\| {benchmark} +\|"), "the benchmark's row in a table");
    }
}
