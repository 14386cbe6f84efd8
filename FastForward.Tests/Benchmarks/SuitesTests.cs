using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Benchmarks;

/// <summary>Each benchmark of the suites runs once, so that none of them rots unnoticed.</summary>
[TestFixture]
[Category("Process")]
public sealed class SuitesTests
{
    // It is a compiler's work rather than a wait: some seconds on an idle machine.
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
                "Client_round_trip",
                "Client_stream",
                "ForwardPipe",
            }
        )
            Assert.That(suites.Output, Does.Match($@"\| {benchmark} +\|"), "its line in a table");
    }
}
