using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using FastForward.Host;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;
using FastForward.Tests.Host.Processes;
using FastForward.Transport.Interop;

namespace FastForward.Tests.Host;

/// <summary>The commands against control sockets of other users, and of hosts with wrong answers.</summary>
[TestFixture]
[Category("Process")]
[Parallelizable]
[SupportedOSPlatform("linux")]
public sealed class ControlTrustTests
{
    private TemporaryDirectory _directory = null!;
    private Socket? _listener;

    private string Path => _directory["FastForward.1.control"];

    [SetUp]
    public void SetUp() => _directory = new TemporaryDirectory();

    [TearDown]
    public void TearDown()
    {
        _listener?.Dispose();
        _directory.Dispose();
    }

    [Test]
    public void Another_users_socket_is_not_believed_unless_it_is_named()
    {
        if (LibC.EffectiveUserId() != 0)
            TestEnvironment.Missing("only root can become another user");
        string setpriv = Requires.Program("setpriv", "util-linux");
        string perl = Requires.Program("perl", "perl-base");
        File.SetUnixFileMode(_directory.Path, (UnixFileMode)0x3FF); // 1777, as /tmp
        const string Serve =
            "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die $!; "
            + "listen($s, 9) or die; $| = 1; print \"listening\\n\"; while (accept(my $c, $s)) { "
            + "print \"asked\\n\" if sysread($c, my $line, 4096); "
            + "syswrite($c, '{\"node\":1,\"health\":{\"status\":\"healthy\",\"problems\":[],\"absentPeers\":[]}}' "
            + ". \"\\n\"); }";
        using RunningProgram stranger = RunningProgram.Start(
            setpriv,
            ["--reuid", "4711", "--regid", "4711", "--clear-groups", perl, "-e", Serve, Path]
        );
        stranger.WaitForLine("listening");

        foreach (string[] command in new string[][] { ["health"], ["stat", "--once"], ["ping", "5"] })
        {
            using RunningProgram asking = RunningProgram.StartHost([.. command, "--socket", Path]);
            Assert.That(asking.WaitForExit(), Is.EqualTo(command[0] == "ping" ? 1 : 77), asking.Everything);
            Assert.That(asking.Everything, Does.Contain($"{Path} belongs to user id 4711, which is not 0"));
            Assert.That(asking.Output, Is.Empty);
        }

        // The entry alone proves nothing.
        Assert.That(LibC.ChangeOwner(Path, 0, 0), Is.Zero);
        using (RunningProgram health = RunningProgram.StartHost("health", "--socket", Path))
        {
            Assert.That(health.WaitForExit(), Is.EqualTo(77), health.Everything);
            Assert.That(health.Everything, Does.Contain($"a process of user id 4711 listens at {Path}"));
        }

        Assert.That(stranger.Everything, Does.Not.Contain("asked"));
        using (RunningProgram health = RunningProgram.StartHost("health", "--socket", Path, "--host-user", "4711"))
        {
            Assert.That(health.WaitForExit(), Is.Zero, health.Everything);
            Assert.That(health.Everything, Is.EqualTo("healthy"));
        }

        File.WriteAllText(
            _directory["1.conf"],
            $"network=1\ncontrol-directory={_directory.Path}\nallowed-users=0, 4711\n"
        );
        using (RunningProgram health = RunningProgram.StartHost("health", "--instance", _directory["1.conf"]))
            Assert.That(health.WaitForExit(), Is.Zero, health.Everything);
    }

    [TestCase("health")]
    [TestCase("stat")]
    [TestCase("stat --once --json")]
    [TestCase("ping 5")]
    public void A_line_without_end_is_cut_off(string command)
    {
        Serve(client =>
        {
            byte[] block = new byte[1 << 20];
            block.AsSpan().Fill((byte)' ');
            for (int i = 0; i < 2 * (AnswerReader.LongestLine >> 20); i++)
                client.Send(block);
        });
        AssertFails(command, "a line has more than 64 MiB");
    }

    [TestCase("health", "{}")]
    [TestCase("health", "{\"health\":{}}")]
    [TestCase("health", "{\"health\":{\"status\":null,\"problems\":[],\"absentPeers\":[]}}")]
    [TestCase("health", "{\"health\":{\"status\":\"healthy\",\"problems\":[null],\"absentPeers\":[]}}")]
    [TestCase("health", "{\"error\":{}}")]
    [TestCase("health", "{\"version\":2}")]
    [TestCase("health", "null")]
    [TestCase("health", "nonsense")]
    [TestCase("health", "{\"stat\":{\"peers\":[null]}}")]
    [TestCase("stat", "{}")]
    [TestCase("stat", "{\"stat\":{\"node\":5}}")]
    [TestCase("ping 5", "{}")]
    [TestCase("ping 5", "{\"reply\":{}}")]
    [TestCase("ping 5", "{\"reply\":{\"sequence\":1}}")]
    public void A_member_that_is_missing_is_a_clear_error(string command, string answer)
    {
        Serve(client => client.Send(Encoding.UTF8.GetBytes(answer + "\n")));
        AssertFails(command, "does not speak the protocol of the control socket: ");
    }

    [TestCase(
        "health",
        """{"health":{"status":"degraded\u001b[2J","problems":["\u001b]0;x\u0007","\u009bm\u202e"],"absentPeers":[]}}"""
    )]
    [TestCase("health", """{"error":{"code":"busy","message":"\u001b[31mred\u0008"}}""")]
    [TestCase("stat --once --interval 0.1", """{"error":{"code":"busy","message":"\u001b[31mred\u0008"}}""")]
    [TestCase(
        "ping 5 -c 1",
        """{"reply":{"sequence":1,"outcome":"notConnected","transport":"\u001b[1m","inUse":true,"""
            + """ "roundTripMicros":0,"holdMicros":0,"reason":"\u001b[2J\u0085"}}"""
            + "\n{\"end\":{\"asked\":1}}"
    )]
    public void Nothing_that_a_host_says_reaches_the_terminal_as_a_control_character(string command, string answer)
    {
        Serve(client => client.Send(Encoding.UTF8.GetBytes(answer + "\n")));
        using RunningProgram asking = Ask(command);
        asking.WaitForExit();
        Assert.That(asking.Everything, Does.Contain(@"\u001B"));
        Assert.That(asking.Everything.Replace("\n", "", StringComparison.Ordinal).Any(char.IsControl), Is.False);
    }

    private void AssertFails(string command, string message)
    {
        using RunningProgram asking = Ask(command);
        int code = command.StartsWith("ping", StringComparison.Ordinal) ? ExitCode.Failure : ExitCode.Unavailable;
        Assert.That(asking.WaitForExit(), Is.EqualTo(code), asking.Everything);
        Assert.That(asking.Everything, Does.Contain(message).And.Not.Contain("   at "));
    }

    private RunningProgram Ask(string command) => RunningProgram.StartHost([.. command.Split(' '), "--socket", Path]);

    // Each client is served alone: its request is read, the answer written.
    private void Serve(Action<Socket> answer)
    {
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener = listener;
        listener.Bind(new UnixDomainSocketEndPoint(Path));
        listener.Listen();
        new Thread(() =>
        {
            while (true)
            {
                try
                {
                    using Socket client = listener.Accept();
                    client.Receive(new byte[ControlConnection.LongestRequest]);
                    answer(client);
                }
                catch (SocketException)
                {
                    if (!listener.IsBound || listener.SafeHandle.IsClosed)
                        return;
                }
                catch (ObjectDisposedException)
                {
                    return;
                }
            }
        })
        {
            IsBackground = true,
        }.Start();
    }
}
