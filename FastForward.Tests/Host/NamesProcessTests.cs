using System.Globalization;
using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary>Real hosts in a network whose DNS server is silent, or whose interfaces come and go.</summary>
[Category("Process")]
[Parallelizable]
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

    [TestCase("addresses=fe80::ff%ff0", "", "cannot bind UDP fe80::ff%ff0: this machine has no interface ff0.")]
    [TestCase(
        "",
        "[bridge]\nlisten=[fe80::ff%ff0]:5300\nnode=25011\nservice=1",
        "[bridge] cannot bind UDP [fe80::ff%ff0]:5300: this machine has no interface ff0."
    )]
    public void A_start_without_the_interface_to_bind_to_is_refused_as_unavailable(
        string key,
        string section,
        string reason
    )
    {
        using RunningProgram host = StartHost(25_011, 54_011, section, key);
        Assert.That(host.WaitForExit(), Is.EqualTo(69), host.Everything);
        Assert.That(host.Everything, Does.Contain(reason));
        using RunningProgram health = _network.StartHost("health", "--instance", InstanceFile(25_011));
        Assert.That(health.WaitForExit(), Is.EqualTo(69), health.Everything);
        Assert.That(health.Everything, Does.Contain("no host runs"));
    }

    [Test]
    public void Bridge_and_outlet_follow_an_interface_that_is_made_anew()
    {
        AddLinkLocal();
        string perl = Requires.Program("perl", "perl-base");
        const string Echo =
            "use IO::Socket::IP; $s = IO::Socket::IP->new(LocalHost => '::', LocalPort => 7007, Type => SOCK_DGRAM) "
            + "or die $@; $| = 1; print \"serves\\n\"; while (defined($from = $s->recv($m, 99))) "
            + "{ $s->send($m, 0, $from); }";
        using RunningProgram server = _network.Start(perl, "-e", Echo);
        server.WaitForLine("serves");
        using RunningProgram host = StartHost(
            25_011,
            54_011,
            """
            [bridge near]
            listen=[fe80::ff%ff0]:5300
            node=25011
            service=1
            [bridge far]
            listen=127.0.0.1:5301
            node=25011
            service=2
            [outlet near]
            target=[fe80::ff%ff0]:7007
            service=1
            [outlet far]
            target=[fe80::ff%ff0]:7007
            service=2
            """
        );
        host.WaitForLine("Node 25011 runs");
        AssertAnswered("fe80::ff%ff0", 5300);
        AssertAnswered("127.0.0.1", 5301);

        _network.Run("ip", "link", "delete", "ff0");
        host.WaitForLine("cannot receive at [fe80::ff%ff0]:5300 at present: this machine has no interface ff0");
        _network.AddInterface("ff1"); // takes the next index, so that ff0 cannot get its old one
        AddLinkLocal();
        host.WaitForLines("bridge near: receives UDP datagrams at [fe80::ff%ff0]:5300", 2);
        AssertAnswered("fe80::ff%ff0", 5300);
        AssertAnswered("127.0.0.1", 5301); // the same client as before, over a socket of the old interface at first

        // From the same port each time, and again until there is an answer.
        void AssertAnswered(string address, int port)
        {
            const string Ask =
                "use Socket qw(:DEFAULT getaddrinfo pack_sockaddr_in6); "
                + "my ($e, $p) = getaddrinfo($ARGV[0], $ARGV[1], {socktype => SOCK_DGRAM}); "
                + "socket(my $c, $p->{family}, SOCK_DGRAM, 0) or die $!; "
                + "bind($c, $p->{family} == AF_INET ? sockaddr_in(7008, INADDR_ANY) "
                + ": pack_sockaddr_in6(7008, Socket::IN6ADDR_ANY)) or die $!; connect($c, $p->{addr}) or die $!; "
                + "for (1..60) { send($c, 'voice', 0); vec(my $r = '', fileno($c), 1) = 1; "
                + "if (select($r, undef, undef, 0.5) and defined(recv($c, my $m, 99, 0))) { print $m; exit 0; } } "
                + "exit 1;";
            Assert.That(_network.Run(perl, "-e", Ask, address, $"{port}"), Is.EqualTo("voice"), host.Everything);
        }
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

    private RunningProgram StartHost(uint node, int port, string rows, string key = "")
    {
        File.WriteAllText(
            InstanceFile(node),
            $"""
            network={node}
            port={port}
            transports=ip
            allow-unkeyed-network=yes
            socket-directory={_directory.Path}
            {key}
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
