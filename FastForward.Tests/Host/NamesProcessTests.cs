using System.Globalization;
using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary>Real hosts in a network whose DNS server is silent, or whose interfaces come and go.</summary>
[Category("Process")]
public sealed class NamesProcessTests
{
    private const int NamedNodes = 300;

    private TemporaryDirectory _directory = null!;
    private NetworkNamespace _network = null!;

    [SetUp]
    public void SetUp()
    {
        _network = new NetworkNamespace();
        _directory = new TemporaryDirectory();
    }

    [TearDown]
    public void TearDown()
    {
        _network.Dispose();
        _directory.Dispose();
    }

    [Test]
    public void A_silent_dns_server_delays_neither_health_nor_the_stop_and_holds_few_threads()
    {
        _network.AddInterface("dns0");
        _network.Run("ip", "address", "add", "10.99.0.1/24", "dev", "dns0");
        File.WriteAllText(_directory["resolv.conf"], "nameserver 10.99.0.53\n");
        _network.Run("mount", "--bind", _directory["resolv.conf"], "/etc/resolv.conf");
        IEnumerable<string> rows = Enumerable
            .Range(1, NamedNodes)
            .Select(static i => $"{250_000 + i} = 0, FORWARD_TRANSPORT_IP, node{i}.example, 54000");
        using RunningProgram host = StartHost(25_011, 54_011, string.Join('\n', rows));
        host.WaitForLine("Node 25011 runs");
        Eventually.True(() => LookupThreads(host) == 28, () => $"{LookupThreads(host)} of 28 threads look names up");

        for (int i = 0; i < 3; i++)
        {
            using RunningProgram health = _network.StartHost("health", "--socket", Control(25_011), "--json");
            Assert.That(health.WaitForExit(), Is.Zero, health.Everything);
            HealthReport report = JsonSerializer.Deserialize(health.Output, MonitoringJson.Default.HealthReport)!;
            Assert.That((report.Status, report.AbsentPeers.Count), Is.EqualTo(("degraded", NamedNodes)));
        }

        host.WaitForLine("the resolver did not answer within 5 s");
        Assert.That(LookupThreads(host), Is.AtMost(28));
        host.Signal(RunningProgram.SIGTERM);
        Assert.That(host.WaitForExit(), Is.Zero, host.Everything);
    }

    [Test]
    public void A_row_whose_interface_comes_later_or_again_with_another_index_is_no_mistake()
    {
        using RunningProgram near = StartHost(25_011, 54_011, LinkLocalRow(25_012, 54_012));
        using RunningProgram far = StartHost(25_012, 54_012, LinkLocalRow(25_011, 54_011));
        near.WaitForLine("Node 25012: Unusable");
        near.WaitForLine("this machine has no interface \"ff0\"");
        far.WaitForLine("Node 25011: Unusable");
        using (RunningProgram health = _network.StartHost("health", "--instance", InstanceFile(25_011)))
            Assert.That(health.WaitForExit(), Is.Zero, health.Everything);

        AddLinkLocal();
        string index = IndexOf("ff0");
        near.WaitForLine("Node 25012: Connected");
        far.WaitForLine("Node 25011: Connected");

        _network.Run("ip", "link", "delete", "ff0");
        near.WaitForLine("Node 25012: Suspect");
        _network.AddInterface("ff1"); // takes the next index, so that ff0 cannot get its old one
        AddLinkLocal();
        near.WaitForLines("over Ip", 2);
        Eventually.True(() => IsHealthy(25_011) && IsHealthy(25_012), () => near.Everything);
        Assert.That(IndexOf("ff0"), Is.Not.EqualTo(index));
    }

    private static string LinkLocalRow(uint node, int port) =>
        string.Create(CultureInfo.InvariantCulture, $"{node} = 0, FORWARD_TRANSPORT_IP, fe80::ff%ff0, {port}");

    private void AddLinkLocal()
    {
        _network.AddInterface("ff0");
        _network.Run("ip", "address", "add", "fe80::ff/64", "dev", "ff0", "nodad");
    }

    private string IndexOf(string name) => _network.Run("ip", "-oneline", "link", "show", name).Split(':')[0];

    private string Control(uint node) => _directory[$"FastForward.{node}.control"];

    private string InstanceFile(uint node) => _directory[$"{node}.conf"];

    private bool IsHealthy(uint node)
    {
        using RunningProgram health = _network.StartHost("health", "--strict", "--socket", Control(node));
        return health.WaitForExit() == 0;
    }

    private RunningProgram StartHost(uint node, int port, string rows)
    {
        File.WriteAllText(
            InstanceFile(node),
            $"""
            network={node}
            port={port}
            transports=ip
            allow-unkeyed-ip=yes
            socket-directory={_directory.Path}
            [Nodes]
            {rows}
            """
        );
        return _network.StartHost("run", "--instance", InstanceFile(node));
    }

    private static int LookupThreads(RunningProgram host) =>
        Directory
            .GetDirectories($"/proc/{host.Id}/task")
            .Select(static task => File.ReadAllText($"{task}/comm"))
            .Count(static name => name.StartsWith("FastForward loo", StringComparison.Ordinal));
}
