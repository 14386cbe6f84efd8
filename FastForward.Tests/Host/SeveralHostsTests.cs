using System.Text.Json;
using FastForward.Host.Monitoring;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary>The commands without a choice, on a machine where several hosts run.</summary>
[TestFixture]
[Category("Process")]
[Parallelizable]
public sealed class SeveralHostsTests
{
    private TwoInstances _instances = null!;

    [OneTimeSetUp]
    public void Start()
    {
        // In /tmp hosts of other tests may run: these are found by their instance files.
        _instances = new TwoInstances("SOCKET");
        _instances.StartBoth("", "");
    }

    [OneTimeTearDown]
    public void Stop() => _instances.Dispose();

    [Test]
    public void Ping_asks_the_host_that_has_a_route()
    {
        foreach (
            (uint to, uint from) in new[]
            {
                (TwoInstances.Far, TwoInstances.Near),
                (TwoInstances.Near, TwoInstances.Far),
            }
        )
        {
            using RunningProgram ping = Run("ping", $"{to}", "-c", "1", "-w", "20");
            Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
            Assert.That(ping.Output, Does.StartWith($"PING node {to} from node {from}\n"));
        }

        using RunningProgram unknown = Run("ping", "4711", "-c", "1");
        Assert.That(unknown.WaitForExit(), Is.EqualTo(1), unknown.Everything);
        Assert.That(
            unknown.Everything,
            Does.Contain("no host of this machine leads to node 4711: ")
                .And.Contain($"node {TwoInstances.Near} has no route to it")
        );
    }

    [Test]
    public void List_shows_every_host()
    {
        using RunningProgram list = Run("list");
        Assert.That(list.WaitForExit(), Is.Zero, list.Everything);
        using RunningProgram json = Run("list", "--json");
        Assert.That(json.WaitForExit(), Is.Zero, json.Everything);
        HostLine[] hosts =
        [
            .. json
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static line => JsonSerializer.Deserialize(line, MonitoringJson.Default.HostLine)!),
        ];
        foreach (uint node in new[] { TwoInstances.Near, TwoInstances.Far })
        {
            Assert.That(list.Output, Does.Match($"(?m)^ *{node} .* 1 of 1 +{_instances.InstanceFile(node)}$"));
            HostLine host = hosts.Single(host => host.Socket == _instances.ControlSocket(node));
            Assert.That(
                (host.Node, host.File, host.Peers, host.ConnectedPeers, host.Reason),
                Is.EqualTo(((uint?)node, _instances.InstanceFile(node), (int?)1, (int?)1, (string?)null))
            );
        }
    }

    [Test]
    public void Outputs_of_several_commands_follow_each_other_in_a_file()
    {
        string file = Path.Combine(_instances.DirectoryName, "output");
        string list = $"'{RunningProgram.HostPath}' list --json --instances-directory '{_instances.DirectoryName}'";
        using RunningProgram shell = RunningProgram.Start(
            "bash",
            "-c",
            $"{{ echo first; {list}; echo second; {list}; echo third; }} > '{file}'"
        );
        Assert.That(shell.WaitForExit(), Is.Zero, shell.Everything);
        string near = $"(?s).*\"node\":{TwoInstances.Near},.*";
        Assert.That(File.ReadAllText(file), Does.Match($"^first{near}\nsecond{near}\nthird\n$"));
    }

    [TestCase("stat", "--once", "--interval", "0.1")]
    [TestCase("stat", "--once", "--interval", "0.1", "--all")]
    public void Stat_shows_every_host(params string[] arguments)
    {
        using RunningProgram stat = Run(arguments);
        Assert.That(stat.WaitForExit(), Is.Zero, stat.Everything);
        Assert.That(
            stat.Output,
            Does.Contain($"node {TwoInstances.Near}  up ").And.Contain($"node {TwoInstances.Far}  up ")
        );
    }

    [Test]
    public void Health_is_that_of_the_worst_host()
    {
        using RunningProgram health = Run("health", "--all");
        Assert.That(health.WaitForExit(), Is.Zero, health.Everything);
        Assert.That(
            health.Output,
            Does.Contain($"{_instances.ControlSocket(TwoInstances.Near)}: healthy")
                .And.Contain($"{_instances.ControlSocket(TwoInstances.Far)}: healthy")
        );
    }

    [Test]
    public void A_host_that_was_killed_is_told_by_what_it_left()
    {
        using TwoInstances alone = new("SOCKET");
        RunningProgram near = alone.Start(TwoInstances.Near, "");
        near.WaitForLine($"Node {TwoInstances.Near} runs");
        near.Signal(RunningProgram.SIGKILL);
        near.WaitForExit();
        string left = $"the socket {alone.ControlSocket(TwoInstances.Near)} was left behind";
        foreach ((string command, int code) in new[] { ("health", 69), ("stat", 69), ("list --json", 0) })
        {
            using RunningProgram asking = RunningProgram.StartHost([
                .. command.Split(' '),
                "--instances-directory",
                alone.DirectoryName,
            ]);
            Assert.That(asking.WaitForExit(), Is.EqualTo(code), asking.Everything);
            Assert.That(asking.Everything, Does.Contain(left), command);
        }
    }

    [TestCase("health")]
    [TestCase("stat", "--once")]
    [TestCase("ping", "250012", "-c", "1")]
    public void A_host_of_another_node_at_the_socket_of_the_one_that_was_asked_is_refused(params string[] arguments)
    {
        const uint Asked = 4711;
        string file = _instances.InstanceFile(Asked);
        File.CreateSymbolicLink(_instances.ControlSocket(Asked), _instances.ControlSocket(TwoInstances.Near));
        try
        {
            File.WriteAllText(file, $"network={Asked}\ncontrol-directory={_instances.DirectoryName}\n");
            using RunningProgram asking = RunningProgram.StartHost([.. arguments, "--instance", file]);
            Assert.That(asking.WaitForExit(), Is.EqualTo(arguments[0] == "ping" ? 1 : 69), asking.Everything);
            Assert.That(
                asking.Everything,
                Does.Contain($"is node {TwoInstances.Near}, not node {Asked} that was asked for")
            );
            Assert.That(asking.Output, Is.Empty);
        }
        finally
        {
            File.Delete(_instances.ControlSocket(Asked));
            File.Delete(file);
        }
    }

    private RunningProgram Run(params string[] arguments) =>
        RunningProgram.StartHost([.. arguments, "--instances-directory", _instances.DirectoryName]);
}
