using System.Net.Sockets;
using FastForward.Host.Running;
using FastForward.Tests.Host.Processes;
using FastForward.Transport;

namespace FastForward.Tests.Host;

/// <summary>A host process under a low limit of open files (RLIMIT_NOFILE).</summary>
[Category("Process")]
[Parallelizable]
public sealed class OpenFileTests
{
    private TwoInstances _instances = null!;

    [SetUp]
    public void SetUp() => _instances = new TwoInstances("SOCKET");

    [TearDown]
    public void TearDown() => _instances.Dispose();

    [TestCase(40)]
    [TestCase(60)]
    [TestCase(100)]
    [TestCase(OpenFiles.Least - 1)]
    public void Too_low_a_limit_is_said_and_nothing_starts(int limit)
    {
        string file = WriteLone();
        using RunningProgram node = StartLimited($"{limit}:{limit}", "run", "--instance", file);

        Assert.That(node.WaitForExit(), Is.EqualTo(69), node.Everything);
        Assert.That(
            node.Everything,
            Does.Contain($"at least {OpenFiles.Least} open files; it is {limit}").And.Contain("LimitNOFILE")
        );
        Assert.That(Directory.GetFiles(_instances.DirectoryName, "FastForward.*"), Is.Empty);
    }

    [Test]
    public void The_least_limit_is_enough_to_run_answer_and_stop()
    {
        string file = WriteLone();
        string limits = $"{OpenFiles.Least}:{OpenFiles.Least}";
        using RunningProgram node = StartLimited(limits, "run", "--instance", file);
        node.WaitForLine($"Node {TwoInstances.Near} runs");
        using RunningProgram health = StartLimited(limits, "health", "--instance", file);
        Assert.That(health.WaitForExit(), Is.Zero, health.Everything + node.Everything);
        node.Signal(RunningProgram.SIGTERM);
        Assert.That(node.WaitForExit(), Is.Zero, node.Everything);
    }

    [Test]
    public void The_soft_limit_is_raised_to_the_hard_one()
    {
        string file = WriteLone();
        using RunningProgram node = StartLimited("300:3000", "run", "--instance", file);
        node.WaitForLine($"Node {TwoInstances.Near} runs");
        string limit = File.ReadLines($"/proc/{node.Id}/limits")
            .Single(static line => line.StartsWith("Max open files"));
        Assert.That(
            limit.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Does.Not.Contain("300").And.Contain("3000"),
            limit
        );
    }

    // An outlet has a socket per client, and a client of the bridge is a port: without a bound, a thousand ports of
    // anybody take the last descriptor, and the runtime aborts the process at the next request or signal.
    [Test]
    public void A_thousand_clients_leave_the_host_able_to_answer_connect_and_stop()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        string file = WriteLone(
            $"""
            [bridge]
            listen = 127.0.0.1:{_instances.BridgePort}
            node = {TwoInstances.Near}
            service = 1
            {_instances.Outlet}
            """
        );
        using RunningProgram node = StartLimited("1024:1024", "run", "--instance", file);
        node.WaitForLine("max-clients = 1000");
        node.WaitForLine($"Node {TwoInstances.Near} runs");
        Socket[] clients = [.. Enumerable.Range(0, 1000).Select(_ => NewClient())];
        try
        {
            foreach (Socket client in clients)
            {
                client.Send("hello"u8);
                Assert.That(client.Receive(new byte[16]), Is.EqualTo(5));
            }

            int open = Directory.GetFiles($"/proc/{node.Id}/fd").Length;
            Assert.That(open, Is.InRange(600, 1024 - OpenFileLimit.Reserve), "the clients use what is theirs, no more");
            using RunningProgram health = RunningProgram.StartHost("health", "--instance", file);
            Assert.That(health.WaitForExit(), Is.Zero, health.Everything + node.Everything);

            using RunningProgram far = _instances.Start(TwoInstances.Far, "");
            far.WaitForLine($"Node {TwoInstances.Near}: Connected");
            node.Signal(RunningProgram.SIGTERM);
            Assert.That(node.WaitForExit(), Is.Zero, node.Everything);
        }
        finally
        {
            foreach (Socket client in clients)
                client.Dispose();
        }

        Assert.That(node.Everything, Does.Not.Contain("no socket could be opened").And.Not.Contain("   at "));
    }

    private string WriteLone(string sections = "") =>
        _instances.Write(
            TwoInstances.Near,
            $"""
            [OverriddenNodes]
            {TwoInstances.Far} = 0, FORWARD_TRANSPORT_SOCKET, , {_instances.PortOf(TwoInstances.Far)}
            {sections}
            """
        );

    private Socket NewClient()
    {
        Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = (int)RunningProgram.Limit.TotalMilliseconds,
        };
        client.Connect("127.0.0.1", _instances.BridgePort);
        return client;
    }

    private static RunningProgram StartLimited(string limits, params string[] arguments) =>
        RunningProgram.Start(
            Requires.Program("prlimit", "util-linux"),
            [$"--nofile={limits}", RunningProgram.HostPath, .. arguments]
        );
}
