using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Package;

/// <summary>The program of the library's README, run as two nodes.</summary>
internal static class GreetingNodes
{
    /// <summary>Asserts that the two greet each other and stop in order.</summary>
    public static void Run(string program)
    {
        // Random node ids, because the sockets are in the shared /tmp; the two ids differ in the last bit.
        int first = Random.Shared.Next(500, 12_000) * 2,
            second = first + 1;
        using RunningProgram a = RunningProgram.Start(program, $"{first}");
        using RunningProgram b = RunningProgram.Start(program, $"{second}");
        a.WaitForLine($"node {second} says hello, node {first}");
        b.WaitForLine($"node {first} says hello, node {second}");
        foreach (RunningProgram one in new[] { a, b })
        {
            one.Signal(RunningProgram.SIGTERM);
            Assert.That(one.WaitForExit(), Is.Zero, one.Everything);
            Assert.That(one.Everything, Does.Not.Contain("fail:").And.Not.Contain("crit:"));
        }

        foreach (int node in new[] { first, second })
        {
            Assert.That(File.Exists($"/tmp/FastForward.{40_000 + node}.sock"), Is.False, "the socket was removed");
        }
    }
}
