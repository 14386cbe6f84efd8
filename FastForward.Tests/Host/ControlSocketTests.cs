using System.Globalization;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Tests.Host.Processes;
using FastForward.Transport.Interop;

namespace FastForward.Tests.Host;

/// <summary>The control socket of a real host, and clients that do not do what they should.</summary>
[Category("Process")]
[Parallelizable]
[SupportedOSPlatform("linux")]
public sealed class ControlSocketTests
{
    private readonly List<Socket> _clients = [];
    private TwoInstances _instances = null!;

    private string Path => _instances.ControlSocket(TwoInstances.Near);

    [SetUp]
    public void SetUp() => _instances = new TwoInstances("SOCKET");

    [TearDown]
    public void TearDown()
    {
        foreach (Socket client in _clients)
            client.Dispose();
        _clients.Clear();
        _instances.Dispose();
    }

    [Test]
    public void Silent_flooding_and_deaf_clients_hurt_nobody()
    {
        RunningProgram near = _instances.StartBoth("", "").Near;
        byte[] flood = new byte[1 << 20];
        new Random(1).NextBytes(flood);

        for (int i = 0; i < 20; i++)
        {
            // Never reads, and asks for as much as it can get.
            Connect()
                .Send(
                    Encoding.UTF8.GetBytes(
                        $$"""{"command":"ping","node":{{TwoInstances.Far}},"intervalMillis":10}""" + "\n"
                    )
                );
        }

        for (int i = 0; i < 100; i++)
        {
            Connect(); // says nothing
            Socket junk = Connect();
            junk.SendTimeout = 100;
            try
            {
                junk.Send(flood);
            }
            catch (SocketException)
            {
                // It was thrown out in the middle of it, or not read any more.
            }

            if (i % 25 == 0)
                PingWorks();
        }

        PingWorks();
        Assert.That(near.Everything, Does.Not.Contain("Exception"));
        near.Signal(RunningProgram.SIGTERM);
        Assert.That(near.WaitForExit(), Is.Zero, near.Everything);
        Assert.That(File.Exists(Path), Is.False);
    }

    [Test]
    public void Endless_pings_leave_places_for_health_and_stat()
    {
        _instances.StartBoth("", "");
        byte[] request = Encoding.UTF8.GetBytes(
            $$"""{"command":"ping","node":{{TwoInstances.Far}},"intervalMillis":60000}""" + "\n"
        );
        for (int i = 0; i < 32; i++)
        {
            Socket served = Connect();
            served.Send(request);
            Assert.That(ControlProbe.ReadLine(served).Begin, Is.Not.Null);
        }

        using RunningProgram ping = Ping();
        Assert.That(ping.WaitForExit(), Is.EqualTo(1), ping.Everything);
        Assert.That(ping.Everything, Does.Contain("32 clients have series of probes already"));
        AssertStat(0, $"node {TwoInstances.Near}  up ");
        using RunningProgram health = RunningProgram.StartHost("health", "--socket", Path);
        Assert.That(health.WaitForExit(), Is.Zero, health.Everything);
        Assert.That(health.Everything, Is.EqualTo("healthy"));

        // Also while as many clients as there are places say nothing: they make room.
        for (int i = 0; i < 40; i++)
            Connect();
        AssertStat(0, $"node {TwoInstances.Near}  up ");
    }

    [Test]
    public void What_a_killed_host_left_behind_is_told_and_taken_over()
    {
        RunningProgram near = Start();
        near.Signal(RunningProgram.SIGKILL);
        near.WaitForExit();
        Assert.That(File.Exists(Path), "it could not tidy up");
        AssertStat(69, $"no host runs: the socket {Path} was left behind by one that is gone");

        RunningProgram successor = Start();
        AssertStat(0, $"node {TwoInstances.Near}  up ");
        successor.Signal(RunningProgram.SIGTERM);
        Assert.That(successor.WaitForExit(), Is.Zero, successor.Everything);
        AssertStat(69, $"no host runs (no socket at {Path})");
    }

    [Test]
    public void A_file_of_somebody_else_in_its_place_is_left_alone()
    {
        File.WriteAllText(Path, "precious");
        RunningProgram near = _instances.Start(TwoInstances.Near, "");
        Assert.That(near.WaitForExit(), Is.EqualTo(69), near.Everything);
        Assert.That(
            near.Everything,
            Does.Contain("was not started")
                .And.Contain($"{Path} exists and is not a socket")
                .And.Contain("control-directory")
        );
        Assert.That(File.ReadAllText(Path), Is.EqualTo("precious"));
    }

    [Test]
    public void It_has_the_directory_and_the_mode_of_the_instance_file()
    {
        using TemporaryDirectory elsewhere = new();
        RunningProgram near = _instances.Start(
            TwoInstances.Near,
            "",
            $"control-directory={elsewhere.Path}\nsocket-mode=0600"
        );
        near.WaitForLine($"Node {TwoInstances.Near} runs");
        string path = ControlPath.Of(elsewhere.Path, TwoInstances.Near);
        Assert.That(File.Exists(Path), Is.False);
        Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        using RunningProgram stat = RunningProgram.StartHost(
            "stat",
            "--once",
            "--json",
            "--instance",
            _instances.InstanceFile(TwoInstances.Near)
        );
        Assert.That(stat.WaitForExit(), Is.Zero, stat.Everything);
        near.Signal(RunningProgram.SIGTERM);
        near.WaitForExit();
        Assert.That(elsewhere.Files, Is.Empty);
    }

    [Test]
    public void Another_user_is_refused_by_the_file_and_by_the_host()
    {
        if (LibC.EffectiveUserId() != 0)
            TestEnvironment.Missing("only root can become another user");
        string setpriv = Requires.Program("setpriv", "util-linux");
        string perl = Requires.Program("perl", "perl-base");
        File.SetUnixFileMode(_instances.DirectoryName, (UnixFileMode)0x1ED); // 0755: others may look for the socket
        const string Connect =
            "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; connect($s, sockaddr_un($ARGV[0])) or die "
            + "\"connect: $!\\n\"; print while <$s>;";
        string[] asOther = ["--reuid", "4711", "--regid", "4711", "--clear-groups", perl, "-e", Connect, Path];

        RunningProgram near = Start();
        using (RunningProgram other = RunningProgram.Start(setpriv, asOther))
        {
            Assert.That(other.WaitForExit(), Is.Not.Zero);
            Assert.That(other.Everything, Does.Contain("connect: Permission denied"));
        }

        near.Signal(RunningProgram.SIGTERM);
        near.WaitForExit();
        near = Start("socket-mode=0666");
        using (RunningProgram other = RunningProgram.Start(setpriv, asOther))
        {
            Assert.That(other.WaitForExit(), Is.Zero, other.Everything);
            ControlError error = JsonSerializer.Deserialize(other.Output, ControlJson.Default.ControlAnswer)!.Error!;
            Assert.That(error.Code, Is.EqualTo(ControlError.NotPermitted));
            Assert.That(error.Message, Does.Contain("user id 4711 is none of the allowed-users"));
        }

        near.WaitForLine("User id 4711 was refused at the control socket");
        AssertStat(0, $"node {TwoInstances.Near}  up ");
        near.Signal(RunningProgram.SIGTERM);
        near.WaitForExit();
        Start("socket-mode=0666\nallowed-users=0,4711");
        using (
            RunningProgram other = RunningProgram.Start(
                setpriv,
                [
                    "--reuid",
                    "4711",
                    "--regid",
                    "4711",
                    "--clear-groups",
                    perl,
                    "-e",
                    Connect.Replace(
                        "print while",
                        "send($s, \"{\\\"command\\\":\\\"stat\\\"}\\n\", 0); print while",
                        StringComparison.Ordinal
                    ),
                    Path,
                ]
            )
        )
        {
            Assert.That(other.WaitForExit(), Is.Zero, other.Everything);
            Assert.That(
                JsonSerializer.Deserialize(other.Output, ControlJson.Default.ControlAnswer)!.Stat!.Node,
                Is.EqualTo(TwoInstances.Near)
            );
        }
    }

    private RunningProgram Start(string keys = "")
    {
        RunningProgram near = _instances.Start(TwoInstances.Near, "", keys);
        near.WaitForLine($"Node {TwoInstances.Near} runs");
        return near;
    }

    private Socket Connect()
    {
        Socket socket = ControlProbe.Connect(Path);
        _clients.Add(socket);
        return socket;
    }

    private RunningProgram Ping() =>
        RunningProgram.StartHost(
            "ping",
            TwoInstances.Far.ToString(CultureInfo.InvariantCulture),
            "--count",
            "1",
            "--timeout",
            "20",
            "--socket",
            Path
        );

    private void PingWorks()
    {
        using RunningProgram ping = Ping();
        Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
    }

    private void AssertStat(int exitCode, string text)
    {
        using RunningProgram stat = RunningProgram.StartHost("stat", "--once", "--interval", "0.1", "--socket", Path);
        Assert.That(stat.WaitForExit(), Is.EqualTo(exitCode), stat.Everything);
        Assert.That(stat.Everything, Does.Contain(text).And.Not.Contain("   at "));
    }
}
