using System.Net;
using System.Net.Sockets;
using FastForward.Host.Running;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary>The life of a host process: start, signals, exit codes.</summary>
[Category("Process")]
[Parallelizable]
public sealed class RunProcessTests
{
    private TwoInstances _instances = null!;

    [SetUp]
    public void SetUp() => _instances = new TwoInstances("SOCKET");

    [TearDown]
    public void TearDown() => _instances.Dispose();

    [TestCase(RunningProgram.SIGTERM)]
    [TestCase(RunningProgram.SIGINT)]
    public void A_signal_ends_it_in_order_and_the_socket_file_goes(int signal)
    {
        RunningProgram node = _instances.Start(TwoInstances.Near, "");
        node.WaitForLine($"Node {TwoInstances.Near} runs");
        string file = _instances.SocketFile(TwoInstances.Near);
        Assert.That(File.Exists(file), file);

        node.Signal(signal);

        Assert.That(node.WaitForExit(), Is.Zero, node.Everything);
        Assert.That(File.Exists(file), Is.False, file);
        Assert.That(Directory.GetFiles(_instances.DirectoryName, "FastForward.*"), Is.Empty);
        Assert.That(node.Everything, Does.Contain("has stopped").And.Not.Contain("actors started").IgnoreCase);
        Assert.That(node.Output, Is.Empty, "the log goes to the standard error stream");
    }

    [Test]
    public void A_signal_to_the_process_and_to_its_group_is_one_order()
    {
        RunningProgram node = _instances.Start(TwoInstances.Near, "");
        node.WaitForLine($"Node {TwoInstances.Near} runs");
        for (int i = 0; i < 3; i++)
            node.Signal(RunningProgram.SIGTERM); // as timeout(1) sends it, or a service manager
        Assert.That(node.WaitForExit(), Is.Zero, node.Everything);
        Assert.That(Directory.GetFiles(_instances.DirectoryName, "FastForward.*"), Is.Empty);
    }

    [Test]
    public void A_stop_with_clients_at_work_is_in_order_too_and_the_peer_knows_at_once()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        (RunningProgram near, RunningProgram far) = _instances.StartBoth(_instances.Bridge, _instances.Outlet);
        UdpClientProbe[] clients = [.. Enumerable.Range(0, 20).Select(_ => new UdpClientProbe(_instances.BridgePort))];
        try
        {
            foreach (UdpClientProbe client in clients)
                client.Ask("hello"u8);
            foreach (UdpClientProbe client in clients)
                client.Send("and"u8);
            near.Signal(RunningProgram.SIGTERM);
            foreach (UdpClientProbe client in clients)
                client.Send("on"u8);
            Assert.That(near.WaitForExit(), Is.Zero, near.Everything);
        }
        finally
        {
            foreach (UdpClientProbe client in clients)
                client.Dispose();
        }

        far.WaitForLine($"Node {TwoInstances.Near}: Lost");
        Assert.That(far.Everything, Does.Not.Contain("warn: FastForward.Transport.ForwardNode"), "no trouble");
        Assert.That(far.Everything, Does.Not.Contain("Suspect"));
        far.Signal(RunningProgram.SIGTERM);
        Assert.That(far.WaitForExit(), Is.Zero, far.Everything);
        Assert.That(near.Everything + far.Everything, Does.Not.Contain("Exception"));
    }

    [Test]
    public void A_port_in_use_is_a_clear_error()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, _instances.PortOf(TwoInstances.Near)));

        RunningProgram node = _instances.Start(TwoInstances.Near, "");

        Assert.That(node.WaitForExit(), Is.EqualTo(69), node.Everything);
        Assert.That(
            node.Everything,
            Does.Contain($"{_instances.PortOf(TwoInstances.Near)}")
                .And.Contain("was not started")
                .And.Not.Contain("   at ")
        );
    }

    [Test]
    public void A_bridge_port_in_use_is_a_clear_error()
    {
        using UdpEchoServer taken = new(_instances.BridgePort);

        RunningProgram node = _instances.Start(TwoInstances.Near, _instances.Bridge);

        Assert.That(node.WaitForExit(), Is.EqualTo(69), node.Everything);
        Assert.That(
            node.Everything,
            Does.Contain($"[bridge] cannot bind UDP 127.0.0.1:{_instances.BridgePort}")
                .And.Contain($": process {Environment.ProcessId} (")
                .And.Not.Contain("   at ")
        );
    }

    [Test]
    public void The_advice_fits_the_error()
    {
        string bridge = _instances.Bridge.Replace($"127.0.0.1:{_instances.BridgePort}", "192.0.2.1:5000");
        string all = Ended(_instances.Start(TwoInstances.Near, bridge));
        Assert.That(all, Does.Contain("correct listen").And.Not.Contain("Stop the program"));
        Assert.That(InstanceRun.BindAdvice(SocketError.AccessDenied), Does.Contain("CAP_NET_BIND_SERVICE"));
    }

    [Test]
    public void An_unknown_group_is_told_with_its_key()
    {
        string all = Ended(_instances.Start(TwoInstances.Near, "", "socket-group = no-such-group"));
        Assert.That(all, Does.Contain("no-such-group").And.Contain("socket-group"));
        Assert.That(all, Does.Not.Contain("control-directory"));
    }

    [Test]
    public void It_runs_without_a_standard_error_stream()
    {
        File.WriteAllText(
            _instances.InstanceFile(TwoInstances.Near),
            $"network={TwoInstances.Near}\nport={_instances.PortOf(TwoInstances.Near)}\n"
                + $"transports=socket\nsocket-directory={_instances.DirectoryName}\n"
        );
        using RunningProgram node = RunningProgram.Start(
            "bash",
            "-c",
            $"exec '{RunningProgram.HostPath}' run --instance '{_instances.InstanceFile(TwoInstances.Near)}' 2>&-"
        );
        string control = _instances.ControlSocket(TwoInstances.Near);
        Eventually.True(() => File.Exists(control), () => "the start: " + node.Everything);
        using RunningProgram health = RunningProgram.StartHost(
            "health",
            "--instance",
            _instances.InstanceFile(TwoInstances.Near)
        );
        Assert.That(health.WaitForExit(), Is.Zero, health.Everything);
        node.Signal(RunningProgram.SIGTERM);
        Assert.That(node.WaitForExit(), Is.Zero);
    }

    [Test]
    public void A_second_process_of_the_same_instance_is_refused_and_the_first_lives_on()
    {
        RunningProgram first = _instances.Start(TwoInstances.Near, _instances.Bridge);
        first.WaitForLine($"Node {TwoInstances.Near} runs");

        RunningProgram second = _instances.Start(TwoInstances.Near, _instances.Bridge);

        Assert.That(second.WaitForExit(), Is.EqualTo(69), second.Everything);
        Assert.That(
            second.Everything,
            Does.Contain(
                    $"node {TwoInstances.Near} runs already: process {first.Id}, instance "
                        + $"{_instances.InstanceFile(TwoInstances.Near)}. "
                        + "Stop it, or give this instance another network."
                )
                .And.Not.Contain("cannot bind")
                .And.Not.Contain("control-directory")
        );
        Assert.That(File.Exists(_instances.SocketFile(TwoInstances.Near)), "the socket file of the first");
        first.Signal(RunningProgram.SIGTERM);
        Assert.That(first.WaitForExit(), Is.Zero, first.Everything);
    }

    [Test]
    public void The_process_that_has_the_identity_is_named_also_while_it_is_paused()
    {
        RunningProgram first = _instances.Start(TwoInstances.Near, "");
        first.WaitForLine($"Node {TwoInstances.Near} runs");
        first.Signal(RunningProgram.SIGSTOP);

        RunningProgram second = _instances.Start(TwoInstances.Near, "");

        Assert.That(second.WaitForExit(), Is.EqualTo(69), second.Everything);
        Assert.That(
            second.Everything,
            Does.Contain($"node {TwoInstances.Near} runs already: process {first.Id}. Stop it")
        );
        first.Signal(RunningProgram.SIGCONT);
    }

    [Test]
    public void A_socket_file_in_use_is_told_in_the_words_of_the_instance_file()
    {
        using Socket taken = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        taken.Bind(new UnixDomainSocketEndPoint(_instances.SocketFile(TwoInstances.Near)));
        taken.Listen();

        RunningProgram node = _instances.Start(TwoInstances.Near, "");

        Assert.That(node.WaitForExit(), Is.EqualTo(69), node.Everything);
        Assert.That(
            node.Everything,
            Does.Contain("choose another port, or another directory for the sockets").And.Not.Contain("Directory")
        );
    }

    [Test]
    public void Files_that_a_cleaner_removes_are_back_within_seconds_and_the_instance_stays_single()
    {
        RunningProgram first = _instances.Start(TwoInstances.Near, "");
        first.WaitForLine($"Node {TwoInstances.Near} runs");
        string[] files = Directory.GetFiles(_instances.DirectoryName, "FastForward.*");
        Assert.That(files, Has.Length.EqualTo(4));
        foreach (string file in files)
            File.Delete(file);

        RunningProgram second = _instances.Start(TwoInstances.Near, "");
        Assert.That(second.WaitForExit(), Is.EqualTo(69), second.Everything);
        Assert.That(second.Everything, Does.Contain($"runs already: process {first.Id}"));

        Eventually.True(() => files.All(File.Exists), () => "the files: " + first.Everything);
        RunningProgram far = _instances.Start(TwoInstances.Far, "");
        first.WaitForLine($"Node {TwoInstances.Far}: Connected");
        using RunningProgram health = RunningProgram.StartHost(
            "health",
            "--strict",
            "--instance",
            _instances.InstanceFile(TwoInstances.Near)
        );
        Assert.That(health.WaitForExit(), Is.Zero, health.Everything);
        first.WaitForLines("in place again", 2);
        first.Signal(RunningProgram.SIGTERM);
        Assert.That(first.WaitForExit(), Is.Zero, first.Everything);
        far.Signal(RunningProgram.SIGTERM);
        Assert.That(far.WaitForExit(), Is.Zero, far.Everything);
        Assert.That(Directory.GetFiles(_instances.DirectoryName, "FastForward.*"), Is.Empty);
    }

    private static string Ended(RunningProgram node)
    {
        Assert.That(node.WaitForExit(), Is.EqualTo(69), node.Everything);
        return node.Everything;
    }

    [Test]
    public void A_wrong_file_lists_all_problems_and_exits_with_78()
    {
        RunningProgram node = _instances.Start(TwoInstances.Near, "[bridge]\nlisten = nowhere\n[outlte]\n");

        Assert.That(node.WaitForExit(), Is.EqualTo(78), node.Everything);
        Assert.That(
            node.Everything,
            Does.Contain("bridge:listen")
                .And.Contain("bridge:node")
                .And.Contain("bridge:service")
                .And.Contain("did you mean [outlet]?")
                .And.Contain("4 problems")
        );
    }
}
