using System.Globalization;
using System.Text;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary>Two real host processes carry the datagrams of clients and servers that know nothing of them.</summary>
[TestFixture("SOCKET")]
[TestFixture("IP")]
[Category("Process")]
[Parallelizable]
public sealed class BridgeProcessTests(string transport)
{
    private TwoInstances _instances = null!;

    [SetUp]
    public void SetUp() => _instances = new TwoInstances(transport);

    [TearDown]
    public void TearDown() => _instances.Dispose();

    [Test]
    public void Dig_gets_the_answer_of_dnsmasq_through_two_nodes()
    {
        string dig = Requires.Program("dig", "bind9-dnsutils");
        using RunningProgram server = StartDnsmasq();
        _instances.StartBoth(_instances.Bridge, _instances.Outlet);

        Assert.That(Ask(dig), Is.EqualTo("192.0.2.1"));
    }

    [Test]
    public void The_bridge_section_moves_to_the_other_file_and_back_by_editing_only()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        foreach (bool apart in new[] { true, false, true })
        {
            (RunningProgram near, RunningProgram far) = _instances.StartBoth(
                apart ? _instances.Bridge : "",
                apart ? _instances.Outlet : _instances.Bridge + _instances.Outlet
            );
            using (UdpClientProbe client = new(_instances.BridgePort))
            {
                Assert.That(
                    client.Ask("over here"u8),
                    Is.EqualTo("over here"u8.ToArray()),
                    apart ? "apart" : "together"
                );
            }

            near.Signal(RunningProgram.SIGTERM);
            far.Signal(RunningProgram.SIGTERM);
            Assert.That(near.WaitForExit(), Is.Zero, near.Everything);
            Assert.That(far.WaitForExit(), Is.Zero, far.Everything);
        }
    }

    [Test]
    public void The_outlet_section_moves_as_well()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        string bridge = _instances.Bridge.Replace(
            $"node = {TwoInstances.Far}",
            $"node = {TwoInstances.Near}",
            StringComparison.Ordinal
        );
        _instances.StartBoth(bridge + _instances.Outlet, "");
        using UdpClientProbe client = new(_instances.BridgePort);
        Assert.That(client.Ask("at home"u8), Is.EqualTo("at home"u8.ToArray()));
    }

    [Test]
    public void Each_of_200_clients_gets_its_own_answers()
    {
        const int Clients = 200;
        using UdpEchoServer server = new(_instances.TargetPort);
        _instances.StartBoth(_instances.Bridge, _instances.Outlet);
        UdpClientProbe[] clients =
        [
            .. Enumerable.Range(0, Clients).Select(_ => new UdpClientProbe(_instances.BridgePort)),
        ];
        try
        {
            for (int round = 0; round < 5; round++)
            {
                for (int i = 0; i < Clients; i++)
                    clients[i].Send(Text(i, round));
                for (int i = 0; i < Clients; i++)
                    Assert.That(clients[i].Receive(), Is.EqualTo(Text(i, round)), $"client {i}, round {round}");
            }

            Assert.That(server.ClientCount, Is.EqualTo(Clients), "the server sees a client each");
        }
        finally
        {
            foreach (UdpClientProbe client in clients)
                client.Dispose();
        }

        static byte[] Text(int client, int round) => Encoding.ASCII.GetBytes($"client {client} round {round}");
    }

    [Test]
    public void Datagrams_of_all_sizes_pass()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        _instances.StartBoth(_instances.Bridge, _instances.Outlet);
        using UdpClientProbe client = new(_instances.BridgePort);
        foreach (int length in new[] { 0, 1, 1099 })
        {
            byte[] datagram = new byte[length];
            new Random(length).NextBytes(datagram);
            Assert.That(client.Ask(datagram), Is.EqualTo(datagram), $"{length} bytes");
        }
    }

    [Test]
    public void A_datagram_above_1099_bytes_passes_every_medium()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        _instances.StartBoth(_instances.Bridge, _instances.Outlet);
        using UdpClientProbe client = new(_instances.BridgePort);
        byte[] datagram = new byte[9000];
        new Random(1).NextBytes(datagram);
        Assert.That(client.Ask(datagram), Is.EqualTo(datagram));
    }

    [Test]
    public void A_datagram_above_1099_bytes_is_a_logged_drop_of_a_bridge_of_real_time_messages()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        (RunningProgram near, _) = _instances.StartBoth(_instances.Bridge + "class = realtime\n", _instances.Outlet);
        using UdpClientProbe client = new(_instances.BridgePort);
        client.Send(new byte[9000]);
        near.WaitForLine("bridge: dropped 1 (the last of 9000 bytes): too large for a real-time message");
        byte[] answer = client.AskUntilAnswered("small"u8);
        Assert.That(answer, Is.EqualTo("small"u8.ToArray()), "the client and the node live on");
    }

    [Test]
    public void The_least_recently_used_client_makes_room()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        _instances.StartBoth(_instances.Bridge + "max-clients = 2\n", _instances.Outlet + "max-clients = 2\n");
        UdpClientProbe[] clients = [.. Enumerable.Range(0, 5).Select(_ => new UdpClientProbe(_instances.BridgePort))];
        try
        {
            for (int round = 0; round < 2; round++)
            {
                for (int i = 0; i < clients.Length; i++)
                {
                    byte[] text = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{round}/{i}"));
                    Assert.That(clients[i].Ask(text), Is.EqualTo(text));
                }
            }
        }
        finally
        {
            foreach (UdpClientProbe client in clients)
                client.Dispose();
        }

        Assert.That(server.ClientCount, Is.EqualTo(10), "an evicted client that comes back is a new one to the server");
    }

    [Test]
    public void A_silent_client_is_forgotten_at_both_ends_and_welcome_again()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        (RunningProgram near, RunningProgram far) = _instances.StartBoth(
            _instances.Bridge + "idle-seconds = 1\n",
            _instances.Outlet,
            "log-level = debug"
        );
        using UdpClientProbe client = new(_instances.BridgePort);
        Assert.That(client.Ask("once"u8), Is.EqualTo("once"u8.ToArray()));
        near.WaitForLine("is forgotten: it was silent for too long");
        far.WaitForLine("is closed: its stream has ended");
        Assert.That(client.Ask("again"u8), Is.EqualTo("again"u8.ToArray()));
        Assert.That(server.ClientCount, Is.EqualTo(2));
    }

    [Test]
    public void A_socket_that_the_outlet_closed_for_silence_is_opened_again_on_the_same_stream()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        (_, RunningProgram far) = _instances.StartBoth(
            _instances.Bridge,
            _instances.Outlet + "idle-seconds = 1\n",
            "log-level = debug"
        );
        using UdpClientProbe client = new(_instances.BridgePort);
        Assert.That(client.Ask("once"u8), Is.EqualTo("once"u8.ToArray()));
        far.WaitForLine("is closed: it was silent for too long");
        Assert.That(client.Ask("again"u8), Is.EqualTo("again"u8.ToArray()));
        Assert.That(server.ClientCount, Is.EqualTo(2));
    }

    [Test]
    public void Nobody_at_the_target_is_a_logged_drop_and_the_outlet_works_when_it_comes()
    {
        (_, RunningProgram far) = _instances.StartBoth(_instances.Bridge, _instances.Outlet);
        using UdpClientProbe client = new(_instances.BridgePort);
        client.Send("nobody"u8);
        far.WaitForLine("outlet: dropped 1");
        using UdpEchoServer server = new(_instances.TargetPort);
        Assert.That(client.Ask("somebody"u8), Is.EqualTo("somebody"u8.ToArray()));
    }

    [Test]
    public void A_client_that_came_before_the_nodes_were_connected_is_served_afterwards()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        RunningProgram near = _instances.Start(TwoInstances.Near, _instances.Bridge);
        near.WaitForLine($"Node {TwoInstances.Near} runs");
        using UdpClientProbe client = new(_instances.BridgePort);
        client.Send("early"u8);
        _instances.Start(TwoInstances.Far, _instances.Outlet).WaitForLine($"Node {TwoInstances.Near}: Connected");
        near.WaitForLine($"Node {TwoInstances.Far}: Connected");

        Assert.That(client.Receive(), Is.EqualTo("early"u8.ToArray()), "it waited for the connection");
        Assert.That(client.Ask("now"u8), Is.EqualTo("now"u8.ToArray()));
    }

    [TestCase(TwoInstances.Far)]
    [TestCase(TwoInstances.Near)]
    public void Bridging_resumes_after_a_node_was_killed_and_started_again(uint victim)
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        (RunningProgram near, RunningProgram far) = _instances.StartBoth(_instances.Bridge, _instances.Outlet);
        using UdpClientProbe client = new(_instances.BridgePort);
        Assert.That(client.Ask("before"u8), Is.EqualTo("before"u8.ToArray()));

        bool nearDies = victim == TwoInstances.Near;
        (RunningProgram killed, RunningProgram survivor) = nearDies ? (near, far) : (far, near);
        killed.Signal(RunningProgram.SIGKILL);
        killed.WaitForExit();
        RunningProgram reborn = _instances.Start(victim, nearDies ? _instances.Bridge : _instances.Outlet);
        reborn.WaitForLine($"Node {(nearDies ? TwoInstances.Far : TwoInstances.Near)}: Connected");
        survivor.WaitForLines($"Node {victim}: Connected", 2);

        Assert.That(client.Ask("after"u8), Is.EqualTo("after"u8.ToArray()), survivor.Everything + reborn.Everything);
    }

    private RunningProgram StartDnsmasq()
    {
        RunningProgram server = RunningProgram.Start(
            Requires.Program("dnsmasq", "dnsmasq-base"),
            "--no-daemon",
            "--conf-file=/dev/null",
            $"--port={_instances.TargetPort}",
            "--listen-address=127.0.0.1",
            "--bind-interfaces",
            "--no-resolv",
            "--no-hosts",
            "--address=/demo.example/192.0.2.1"
        );
        server.WaitForLine("started");
        return server;
    }

    private string Ask(string dig)
    {
        using RunningProgram client = RunningProgram.Start(
            dig,
            "+short",
            "+tries=1",
            "+time=20",
            "@127.0.0.1",
            "-p",
            $"{_instances.BridgePort}",
            "demo.example"
        );
        Assert.That(client.WaitForExit(), Is.Zero, client.Everything);
        return client.Output;
    }
}
