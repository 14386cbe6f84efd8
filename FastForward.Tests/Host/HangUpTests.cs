using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FastForward.Host.Instances;
using FastForward.Host.Running;
using FastForward.Tests.Host.Processes;
using FastForward.Tests.Keys;
using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Host;

/// <summary>SIGHUP: the file is read again; a terminal that was closed ends the host in order.</summary>
[Category("Process")]
[Parallelizable]
public sealed class HangUpTests
{
    private const int SIGHUP = 1;

    private static readonly string s_host = RunningProgram.HostPath;

    private TwoInstances _instances = null!;

    [SetUp]
    public void SetUp() => _instances = new TwoInstances("SOCKET");

    [TearDown]
    public void TearDown() => _instances.Dispose();

    [Test]
    public void Rows_and_log_level_apply_at_once_and_what_needs_a_restart_is_named()
    {
        string file = Write("");
        using RunningProgram near = StartAlone(file);
        RunningProgram far = _instances.Start(TwoInstances.Far, "");
        far.WaitForLine($"Node {TwoInstances.Far} runs");

        Write(
            $"""
            log-level = debug
            idle = block
            [OverriddenNodes]
            {TwoInstances.Far} = 0, FORWARD_TRANSPORT_SOCKET, , {_instances.PortOf(TwoInstances.Far)}
            [bridge new]
            listen = 127.0.0.1:{_instances.BridgePort}
            node = {TwoInstances.Far}
            service = 1
            """
        );
        near.Signal(SIGHUP);

        near.WaitForLine("was read again: 1 rows, 0 keys, log level Debug");
        near.WaitForLine("take effect at the next start: idle, [bridge new]");
        near.WaitForLine($"Node {TwoInstances.Far}: Connected");
        Stop(near);
    }

    [Test]
    public void A_row_that_moves_to_the_other_section_keeps_its_association()
    {
        string row = $"{TwoInstances.Far} = 0, FORWARD_TRANSPORT_SOCKET, , {_instances.PortOf(TwoInstances.Far)}";
        string file = Write($"[OverriddenNodes]\n{row}");
        using RunningProgram near = StartAlone(file);
        RunningProgram far = _instances.Start(TwoInstances.Far, "");
        near.WaitForLine($"Node {TwoInstances.Far}: Connected");
        far.WaitForLine($"Node {TwoInstances.Near}: Connected");

        string[] sections = ["[Nodes]", "[OverriddenNodes]", "[Nodes]"];
        for (int i = 0; i < sections.Length; i++)
        {
            Write($"{sections[i]}\n{row}");
            near.Signal(SIGHUP);
            near.WaitForLines("was read again: 1 rows", i + 1);
        }

        using RunningProgram ping = RunningProgram.StartHost(
            "ping",
            $"{TwoInstances.Far}",
            "--instance",
            file,
            "-c",
            "1"
        );
        Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
        Assert.That(far.Everything, Does.Not.Contain("Lost"));
        Assert.That(near.Everything, Does.Not.Contain("Lost"));
        Stop(near);
    }

    [Test]
    public void Both_sections_are_replaced_before_either_is_announced()
    {
        string row = $"{TwoInstances.Far} = 0, FORWARD_TRANSPORT_SOCKET, , 7";
        InstanceSettings overridden = InstanceReader.ReadFile(Write($"[OverriddenNodes]\n{row}")).Settings!;
        InstanceSettings nodes = InstanceReader.ReadFile(Write($"[Nodes]\n{row}")).Settings!;
        InstanceRoutes routes = new(overridden);
        List<int> seen = [];
        foreach (IRouteSource source in routes.Sources)
            source.Changed += () => seen.Add(routes.Sources.Sum(static other => other.Rows.Count));
        routes.Replace(nodes);
        routes.Replace(overridden);
        Assert.That(seen, Is.Not.Empty.And.All.EqualTo(1), "rows at each notice");
        Route route = new(overridden.OverriddenNodes[0], new IPEndPoint(IPAddress.Loopback, 7), default);
        Assert.That(route.LeadsTo(route with { Table = RouteTable.Nodes }), "the same connection");
        Assert.That(route.LeadsTo(route with { EndPoint = new IPEndPoint(IPAddress.Loopback, 8) }), Is.False);
    }

    [TestCase("")]
    [TestCase("the service manager")]
    public void The_service_manager_is_told_and_may_be_absent(string manager)
    {
        string path = Path.Combine(_instances.DirectoryName, "notify");
        using Socket? socket = manager.Length > 0 ? new(AddressFamily.Unix, SocketType.Dgram, default) : null;
        socket?.Bind(new UnixDomainSocketEndPoint(path));
        string file = Write("");
        using RunningProgram host = RunningProgram.Start(
            Requires.Program("setsid", "util-linux"),
            "--wait",
            "env",
            $"NOTIFY_SOCKET={path}",
            s_host,
            "run",
            "--instance",
            file
        );
        host.WaitForLine($"Node {TwoInstances.Near} runs");
        Signal(HostId(), SIGHUP);
        host.WaitForLine("was read again: 0 rows");
        if (socket is null)
            host.WaitForLines("8111] The service manager cannot be told", 3);
        else
            Assert.That(
                new[] { Receive(socket), Receive(socket)[..11], Receive(socket) },
                Is.EqualTo(new[] { "READY=1", "RELOADING=1", "READY=1" })
            );
        Stop(host);
        if (socket is not null)
            Assert.That(Receive(socket), Is.EqualTo("STOPPING=1"));
    }

    [Test]
    public void A_file_with_problems_changes_nothing()
    {
        string row = $"{TwoInstances.Far} = 0, FORWARD_TRANSPORT_SOCKET, , {_instances.PortOf(TwoInstances.Far)}";
        string file = Write($"[OverriddenNodes]\n{row}");
        using RunningProgram near = StartAlone(file);
        Write("idle = sometimes");
        near.Signal(SIGHUP);
        near.WaitForLine("fail: FastForward.Host.Running.InstanceReload[8107]");
        near.WaitForLine("was read again and has 1 problems: nothing was changed");

        RunningProgram far = _instances.Start(TwoInstances.Far, "");
        near.WaitForLine($"Node {TwoInstances.Far}: Connected");
        far.WaitForLine($"Node {TwoInstances.Near}: Connected");
        Stop(near);
    }

    [Test]
    public void Keys_apply_at_once_and_a_wrong_file_of_keys_changes_nothing()
    {
        string keys = Path.Combine(_instances.DirectoryName, "keys");
        using ForwardKey first = ForwardKey.Generate(1, TwoInstances.Near, TwoInstances.Far);
        using ForwardKey second = ForwardKey.Generate(2, TwoInstances.Near, TwoInstances.Far, 7);
        KeyFiles.Write(keys, first);
        using RunningProgram near = StartAlone(Write($"key-file = {keys}"));

        KeyFiles.Write(keys, first, second);
        near.Signal(SIGHUP);
        near.WaitForLine("was read again: 0 rows, 2 keys, log level Information");
        near.WaitForLine($"Node {TwoInstances.Near}: Key 2 serves several remote nodes ({TwoInstances.Far}, 7): each");

        File.AppendAllText(keys, "3 1 2 pass phrase\n");
        Write($"key-file = {keys}\nlog-level = error");
        near.Signal(SIGHUP);
        near.WaitForLine($"key-file: {keys}:4: Its part 4 is no number from 0 to 4294967295; ");
        near.WaitForLine("was read again and has 1 problems: nothing was changed");
        Assert.That(near.Everything, Does.Not.Contain("phrase"));

        Write("");
        near.Signal(SIGHUP);
        near.WaitForLine("was read again: 0 rows, 0 keys, log level Information");
        Stop(near);
    }

    [Test]
    public void A_closed_terminal_ends_it_in_order_and_a_signal_at_a_terminal_that_is_there_does_not()
    {
        string file = Write("");
        using RunningProgram terminal = StartInTerminal($"exec '{RunningProgram.HostPath}' run --instance '{file}'");
        terminal.WaitForLine($"Node {TwoInstances.Near} runs");
        int host = HostId();

        Signal(host, SIGHUP);
        terminal.WaitForLine("was read again");
        terminal.Signal(RunningProgram.SIGKILL); // the terminal is gone

        Eventually.True(() => !Directory.Exists($"/proc/{host}"), () => "the end of the host");
        Assert.That(Directory.GetFiles(_instances.DirectoryName, "FastForward.*"), Is.Empty, "it stopped in order");
    }

    [Test]
    public void A_host_that_outlived_its_terminal_reads_the_file_again()
    {
        string file = Write("");
        string log = Path.Combine(_instances.DirectoryName, "log");
        using RunningProgram terminal = StartInTerminal(
            $"set -m; '{s_host}' run --instance '{file}' >'{log}' 2>&1 </dev/null & wait"
        );
        WaitForText(log, $"Node {TwoInstances.Near} runs");
        int host = HostId();
        terminal.Signal(RunningProgram.SIGKILL);
        _ = terminal.WaitForExit();
        try
        {
            WaitForText(log, "The terminal is gone and did not end this process");
            Signal(host, SIGHUP);
            WaitForText(log, "was read again");
        }
        finally
        {
            Signal(host, RunningProgram.SIGTERM);
            Eventually.True(() => !Directory.Exists($"/proc/{host}"), () => "the end of the host");
        }
    }

    [Test]
    public void Under_nohup_it_outlives_its_terminal()
    {
        string file = Write("");
        string log = Path.Combine(_instances.DirectoryName, "log");
        using RunningProgram terminal = StartInTerminal(
            $"exec nohup '{RunningProgram.HostPath}' run --instance '{file}' >'{log}' 2>&1 </dev/null"
        );
        Eventually.True(
            () => File.Exists(log) && File.ReadAllText(log).Contains($"Node {TwoInstances.Near} runs"),
            () => "the start"
        );
        int host = HostId();
        terminal.Signal(RunningProgram.SIGKILL);
        _ = terminal.WaitForExit();
        try
        {
            Signal(host, SIGHUP);
            using RunningProgram health = RunningProgram.StartHost("health", "--instance", file);
            Assert.That(health.WaitForExit(), Is.Zero, health.Everything);
            Assert.That(File.ReadAllText(log), Does.Not.Contain("was read again"), "the signal is ignored");
        }
        finally
        {
            Signal(host, RunningProgram.SIGTERM);
            Eventually.True(() => !Directory.Exists($"/proc/{host}"), () => "the end of the host");
        }
    }

    [Test]
    public void Every_setting_is_applied_or_named()
    {
        InstanceSettings settings = InstanceReader.ReadFile(Write("")).Settings!;
        string[] applied =
        [
            nameof(InstanceSettings.File),
            nameof(InstanceSettings.LogLevel),
            nameof(InstanceSettings.KeyFile),
            nameof(InstanceSettings.OverriddenNodes),
            nameof(InstanceSettings.Nodes),
            nameof(InstanceSettings.RequireKey), // of one key
        ];
        InstanceReading reading = InstanceReader.ReadFile(
            WriteText(
                $"""
                network=77
                port=77
                transports=ip,vsocket
                addresses=127.0.0.2
                socket-directory=/var
                control-directory=/run
                socket-mode=0666
                socket-group=0
                allowed-users=5
                node-users=78:5
                shared-memory=0
                vsocket-type=stream
                vsocket-to-host=yes
                vsocket-fallback=yes
                max-paths=2
                discover-local-peers=yes
                rdma-addresses=10.99.0.1
                rdma-links=30
                rdma-credits=32
                redundancy=off
                path-redundancy=always
                probe-interval=500
                idle=block
                allow-unkeyed-network=yes
                require-key=all
                seal-local=yes
                realtime-dscp=ef
                segmentation-offload=no
                impair=bad-wan
                peer-metrics=yes
                [registry]
                servers=127.0.0.1
                [bridge b]
                listen=127.0.0.1:77
                node=77
                service=1
                [outlet o]
                target=127.0.0.1:77
                service=2
                """
            )
        );
        Assert.That(reading.Problems, Is.Empty);
        Assert.That(InstanceChanges.NeedRestart(settings, settings), Is.Empty);
        Assert.That(
            InstanceChanges.NeedRestart(settings, reading.Settings!),
            Has.Count.EqualTo(
                typeof(InstanceSettings).GetProperties().Count(static property => property.CanWrite) - applied.Length
            )
        );
    }

    private static void WaitForText(string file, string text) =>
        Eventually.True(
            () => File.Exists(file) && File.ReadAllText(file).Contains(text),
            () => $"\"{text}\" in {(File.Exists(file) ? File.ReadAllText(file) : file)}"
        );

    private static string Receive(Socket socket)
    {
        byte[] buffer = new byte[256];
        socket.ReceiveTimeout = (int)RunningProgram.Limit.TotalMilliseconds;
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }

    private string Write(string rest) => _instances.Write(TwoInstances.Near, rest);

    private string WriteText(string text)
    {
        string file = _instances.InstanceFile(TwoInstances.Near);
        File.WriteAllText(file, text);
        return file;
    }

    // In a session of its own: the tests may run at a terminal.
    private static RunningProgram StartAlone(string file)
    {
        RunningProgram program = RunningProgram.Start(
            Requires.Program("setsid", "util-linux"),
            "--wait",
            RunningProgram.HostPath,
            "run",
            "--instance",
            file
        );
        program.WaitForLine($"Node {TwoInstances.Near} runs");
        return program;
    }

    private static RunningProgram StartInTerminal(string command) =>
        RunningProgram.Start(Requires.Program("script", "bsdutils"), "--quiet", "--command", command, "/dev/null");

    private void Stop(RunningProgram program)
    {
        Signal(HostId(), RunningProgram.SIGTERM);
        Assert.That(program.WaitForExit(), Is.Zero, program.Everything);
    }

    // The process that runs the instance; the tests start it through other programs.
    private int HostId()
    {
        string file = _instances.InstanceFile(TwoInstances.Near);
        return Directory
            .GetDirectories("/proc")
            .Select(Path.GetFileName)
            .Where(static name => int.TryParse(name, out _))
            .Where(name => CommandOf(name!) is [var program, ..] words && program == s_host && words.Contains(file))
            .Select(static name => int.Parse(name!, CultureInfo.InvariantCulture))
            .Single();
    }

    private static string[] CommandOf(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            return []; // it has ended meanwhile
        }
    }

    private static void Signal(int process, int signal) => RunningProgram.Signal(process, signal);
}
