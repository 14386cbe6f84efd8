using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Hosting;

/// <summary>The programs in samples/, as they were built with the tests.</summary>
[TestFixture]
[Category("Process")]
public sealed class SamplesTests
{
    [Test]
    public void One_process_asks_and_the_other_replies()
    {
        string program = PathOf("RequestReply");
        using RunningProgram server = RunningProgram.Start(program, "serve");
        server.WaitForLine("node 40100 serves");
        using RunningProgram asker = RunningProgram.Start(program, "ask", "stressed");
        Assert.That(asker.WaitForExit(), Is.Zero, asker.Everything);
        Assert.That(asker.Output, Is.EqualTo("desserts (Answered over Socket)"));
        server.Signal(RunningProgram.SIGTERM);
        Assert.That(server.WaitForExit(), Is.Zero, server.Everything);
        Assert.That(File.Exists("/tmp/FastForward.40100.sock"), Is.False, "the socket is gone");
        using RunningProgram alone = RunningProgram.Start(program, "ask", "nobody");
        Assert.That(alone.WaitForExit(), Is.EqualTo(1), "nobody serves");
        Assert.That(alone.Everything, Does.StartWith("Node 40100 sent no reply on service 1 within 00:00:05"));
    }

    [Test]
    public void Two_workers_ask_each_other_and_stop_in_order()
    {
        using RunningProgram left = RunningProgram.Start(PathOf("Worker"), "--environment", "Left");
        using RunningProgram right = RunningProgram.Start(PathOf("Worker"), "--environment", "Right");
        left.WaitForLine("node 40111 says that it is ");
        right.WaitForLine("node 40110 says that it is ");
        foreach (RunningProgram worker in new[] { left, right })
        {
            worker.Signal(RunningProgram.SIGTERM);
            Assert.That(worker.WaitForExit(), Is.Zero, worker.Everything);
            Assert.That(worker.Everything, Does.Not.Contain("fail:").And.Not.Contain("crit:"));
        }
    }

    private static string PathOf(string sample)
    {
        DirectoryInfo framework = new(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(SourceTree.Root, "samples", sample, "bin", framework.Parent!.Name, framework.Name, sample);
    }
}
