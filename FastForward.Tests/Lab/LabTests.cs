using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Lab;

/// <summary>The prerequisites of other tests in the lab.</summary>
[Category("Lab")]
public sealed class LabTests
{
    [SetUp]
    public void SetUp() => Requires.Lab();

    [Test]
    public void Two_soft_roce_devices_exchange_messages()
    {
        LabProgram.Run(Path.Combine(TestEnvironment.LabDirectory!, "guest", "soft-rdma"));
        string devices = LabProgram.Run("ibv_devices");
        Assert.That(devices, Does.Contain("rxe0").And.Contain("rxe1"));
        using RunningProgram server = RunningProgram.Start("rping", "-s", "-a", "10.99.0.1", "-C", "3", "-v");
        // The server does not report when it listens.
        Eventually.True(
            () => RunToEnd("rping", "-c", "-a", "10.99.0.1", "-C", "3") == 0,
            () => $"rping reaches its server, which said: {server.Everything}"
        );
        server.WaitForLines("server ping data", 3);
    }

    private static int RunToEnd(string program, params string[] arguments)
    {
        using RunningProgram running = RunningProgram.Start(program, arguments);
        return running.WaitForExit();
    }
}
