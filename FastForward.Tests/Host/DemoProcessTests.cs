using System.Text.Json;
using FastForward.Tests.Host.Processes;
using FastForward.Transport.Transports.Rdma;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Host;

/// <summary>The demo as a user runs it.</summary>
[Category("Process")]
[Parallelizable]
public sealed class DemoProcessTests
{
    [Test]
    public void Json_is_one_document_with_all_four_transports_and_everything_was_delivered()
    {
        using RunningProgram demo = RunningProgram.StartHost("demo", "--json", "--seconds", "1");
        int exitCode = demo.WaitForExit(TimeSpan.FromSeconds(120));
        using JsonDocument document = JsonDocument.Parse(demo.Output);
        JsonElement[] transports = [.. document.RootElement.GetProperty("transports").EnumerateArray()];

        Assert.That(
            transports.Select(static row => row.GetProperty("type").GetString()),
            Is.EqualTo(
                new[]
                {
                    "FORWARD_TRANSPORT_IP",
                    "FORWARD_TRANSPORT_RDMA",
                    "FORWARD_TRANSPORT_SOCKET",
                    "FORWARD_TRANSPORT_VSOCKET",
                }
            )
        );
        string[] keys =
        [
            "type",
            "available",
            "reason",
            "sent",
            "delivered",
            "lost",
            "duplicated",
            "reordered",
            "rttP50Micros",
            "rttP99Micros",
        ];
        foreach (JsonElement row in transports)
        {
            Assert.That(row.EnumerateObject().Select(static property => property.Name), Is.EqualTo(keys));
            string? reason = row.GetProperty("type").GetString() switch
            {
                "FORWARD_TRANSPORT_RDMA" => WhyNoRdma(),
                "FORWARD_TRANSPORT_VSOCKET" => VSocketTransport.CheckLoopback().Reason,
                _ => null,
            };
            Assert.That(row.GetProperty("available").GetBoolean(), Is.EqualTo(reason is null), demo.Everything);
            Assert.That(row.GetProperty("reason").GetString(), Is.EqualTo(reason), demo.Everything);
            if (reason is not null)
                continue;
            Assert.That(row.GetProperty("sent").GetInt64(), Is.Positive);
            Assert.That(row.GetProperty("delivered").GetInt64(), Is.EqualTo(row.GetProperty("sent").GetInt64()));
            foreach (string fault in new[] { "lost", "duplicated", "reordered" })
                Assert.That(row.GetProperty(fault).GetInt64(), Is.Zero, fault);
            Assert.That(row.GetProperty("rttP50Micros").GetDouble(), Is.Positive);
            Assert.That(
                row.GetProperty("rttP99Micros").GetDouble(),
                Is.GreaterThanOrEqualTo(row.GetProperty("rttP50Micros").GetDouble())
            );
        }

        Assert.That(exitCode, Is.Zero, demo.Everything);
    }

    [Test]
    public void Impaired_it_loses_no_reliable_message_and_says_what_happened()
    {
        string[] arguments = ["demo", "--impair", "bad-wan", "--impair-seed", "7", "--seconds", "2"];
        using RunningProgram demo = RunningProgram.StartHost(arguments);
        using RunningProgram json = RunningProgram.StartHost([.. arguments, "--json"]);
        Assert.That(demo.WaitForExit(TimeSpan.FromSeconds(120)), Is.Zero, demo.Everything);
        Assert.That(
            demo.Output,
            Does.Match("FORWARD_TRANSPORT_IP .* ok")
                .And.Contain("FORWARD_TRANSPORT_SOCKET: it has no datagrams to impair")
                .And.Contain("was impaired on purpose, both ways: loss=2%, burst=2, delay=30ms, jitter=75ms")
                .And.Match(@"Of \d+ datagrams \d+ were lost, \d+ sent\s+twice")
                .And.Match(@"real-time +\d+ +\d+ +\d+ +\d+ +\d+ +\d+ +\d+")
                .And.Match(@"reliable +\d+ +\d+ +0 +- +- +- +\d+")
        );

        Assert.That(json.WaitForExit(TimeSpan.FromSeconds(120)), Is.Zero, json.Everything);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        JsonElement impaired = document.RootElement.GetProperty("transports")[0].GetProperty("impairment");
        Assert.That(impaired.GetProperty("settings").GetString(), Does.EndWith("duplicate=0.5%, seed=7"));
        Assert.That(impaired.GetProperty("datagrams").GetInt64(), Is.Positive);
        JsonElement reliable = impaired.GetProperty("reliable");
        Assert.That(reliable.GetProperty("accepted").GetInt64(), Is.Positive);
        Assert.That(reliable.GetProperty("lost").GetInt64(), Is.Zero);
        // A round trip is never shorter than the delays of both ways.
        Assert.That(reliable.GetProperty("rttP50Micros").GetDouble(), Is.GreaterThanOrEqualTo(60_000));
    }

    [TestCase("--impair", "bad-wam", "--impair: 'bad-wam' is no impairment: 'bad-wam' is neither a profile")]
    [TestCase("--impair-seed", "7", "--impair-seed: it needs --impair")]
    public void A_wrong_impairment_is_refused(string option, string value, string message)
    {
        using RunningProgram demo = RunningProgram.StartHost("demo", option, value);
        Assert.That(demo.WaitForExit(), Is.EqualTo(2), demo.Everything);
        Assert.That(demo.Everything, Does.Contain(message));
    }

    [Test]
    [Category("Lab")]
    public void In_the_lab_everything_arrives_over_vSockets_too()
    {
        Requires.Lab();
        using RunningProgram demo = RunningProgram.StartHost("demo", "--json", "--seconds", "2");
        Assert.That(demo.WaitForExit(TimeSpan.FromSeconds(540)), Is.Zero, demo.Everything);
        using JsonDocument document = JsonDocument.Parse(demo.Output);
        string[] sound =
        [
            .. document
                .RootElement.GetProperty("transports")
                .EnumerateArray()
                .Where(static row =>
                    row.GetProperty("available").GetBoolean()
                    && row.GetProperty("sent").GetInt64() > 0
                    && row.GetProperty("delivered").GetInt64() == row.GetProperty("sent").GetInt64()
                )
                .Select(static row => row.GetProperty("type").GetString()!),
        ];
        Assert.That(
            sound,
            Is.SupersetOf(new[] { "FORWARD_TRANSPORT_IP", "FORWARD_TRANSPORT_SOCKET", "FORWARD_TRANSPORT_VSOCKET" }),
            demo.Everything
        );
    }

    [Test]
    public void The_table_names_every_transport()
    {
        using RunningProgram demo = RunningProgram.StartHost("demo", "--seconds", "1", "--transport", "SOCKET");
        Assert.That(demo.WaitForExit(TimeSpan.FromSeconds(60)), Is.Zero, demo.Everything);
        Assert.That(
            demo.Output,
            Does.Match("FORWARD_TRANSPORT_IP: not asked for")
                .And.Match("FORWARD_TRANSPORT_SOCKET .* ok")
                .And.Match("FORWARD_TRANSPORT_RDMA: not asked for")
        );
    }

    [Test]
    public void Without_any_available_transport_it_fails()
    {
        if (WhyNoRdma() is null)
            Assert.Ignore("this machine has RDMA, and every machine has the others");
        using RunningProgram demo = RunningProgram.StartHost("demo", "--transport", "RDMA");
        Assert.That(demo.WaitForExit(), Is.EqualTo(1), demo.Everything);
        Assert.That(demo.Everything, Does.Contain($"FORWARD_TRANSPORT_RDMA: {WhyNoRdma()![..30]}"));
    }

    private static string? WhyNoRdma()
    {
        using RdmaTransport transport = new(new RdmaTransportOptions { Port = 1 });
        return transport.CheckAvailability().Reason;
    }

    [TestCase(RunningProgram.SIGINT, 130)]
    [TestCase(RunningProgram.SIGKILL, 137)]
    public void Its_node_processes_end_with_it(int signal, int exitCode)
    {
        using TemporaryDirectory directory = new(); // a killed demo cannot remove its own
        using RunningProgram demo = StartLong(directory);
        int[] children = Children(demo.Id);
        Assert.That(children, Has.Length.EqualTo(2));

        demo.Signal(signal);

        Assert.That(demo.WaitForExit(), Is.EqualTo(exitCode), demo.Everything);
        Assert.That(() => children.Where(IsRunning), Is.Empty.After((int)RunningProgram.Limit.TotalMilliseconds, 20));
        if (signal == RunningProgram.SIGINT)
            Assert.That(Directory.GetFileSystemEntries(directory.Path), Is.Empty, "its files are gone");
    }

    [Test]
    public void A_closed_terminal_ends_it_and_its_node_processes_in_order()
    {
        using TemporaryDirectory directory = new();
        using RunningProgram terminal = RunningProgram.Start(
            Requires.Program("script", "bsdutils"),
            "--quiet",
            "--flush",
            "--command",
            $"exec env TMPDIR='{directory.Path}' '{RunningProgram.HostPath}' demo --seconds 600 --transport SOCKET",
            "/dev/null"
        );
        terminal.WaitForLine("second 1 of 600");
        int demo = Children(terminal.Id).Single();
        int[] all = [demo, .. Children(demo)];
        Assert.That(all, Has.Length.EqualTo(3));
        Assert.That(Directory.GetDirectories(directory.Path, "fastforward-demo-*"), Has.Length.EqualTo(1));

        terminal.Signal(RunningProgram.SIGKILL); // the terminal is gone

        Eventually.True(() => !all.Any(IsRunning), () => "the end of the demo and its nodes");
        Assert.That(Directory.GetFileSystemEntries(directory.Path), Is.Empty, "its files are gone");
    }

    [Test]
    public void A_node_process_whose_parent_was_killed_removes_its_socket_file()
    {
        using TemporaryDirectory directory = new();
        using RunningProgram demo = StartLong(directory);
        int[] children = Children(demo.Id);
        Assert.That(Sockets(), Has.Length.EqualTo(2));
        demo.Signal(RunningProgram.SIGKILL);
        Eventually.True(() => !children.Any(IsRunning), () => "the end of its nodes");
        Assert.That(Sockets(), Is.Empty);

        string[] Sockets() => Directory.GetFiles(directory.Path, "FastForward.*.sock", SearchOption.AllDirectories);
    }

    [TestCase("2> /dev/full")]
    [TestCase("2>&-")]
    public void Progress_that_cannot_be_written_does_not_end_it(string errors)
    {
        using RunningProgram demo = RunningProgram.Start(
            "sh",
            "-c",
            $"exec '{RunningProgram.HostPath}' demo --json --seconds 1 --transport SOCKET {errors}"
        );
        Assert.That(demo.WaitForExit(TimeSpan.FromSeconds(60)), Is.Zero, demo.Everything);
        Assert.That(demo.Output, Does.StartWith("{\"transports\":["));
    }

    private static RunningProgram StartLong(TemporaryDirectory directory)
    {
        RunningProgram demo = RunningProgram.Start(
            "env",
            "--default-signal=INT",
            $"TMPDIR={directory.Path}",
            RunningProgram.HostPath,
            "demo",
            "--seconds",
            "600",
            "--transport",
            "SOCKET"
        );
        demo.WaitForLine("second 1 of 600");
        return demo;
    }

    private static int[] Children(int parent) =>
        [
            .. Directory
                .GetDirectories("/proc")
                .Select(Path.GetFileName)
                .Where(static name => int.TryParse(name, out _))
                .Select(static name => int.Parse(name!, null))
                .Where(id => Stat(id) is { } stat && stat.Parent == parent),
        ];

    private static bool IsRunning(int process) => Stat(process) is { State: not ("Z" or "X") };

    /// <summary>State and parent of a process; null when it is gone.</summary>
    private static (string State, int Parent)? Stat(int process)
    {
        try
        {
            // The name before them is in parentheses and may hold anything.
            string text = File.ReadAllText($"/proc/{process}/stat");
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0], int.Parse(fields[1], null));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
