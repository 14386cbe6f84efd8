using System.Diagnostics;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>The walk through a registry that samples/registry/init.lua describes, line by line.</summary>
internal sealed class SampleWalkTests
{
    private const string Directory = "/tmp/FastForward.registry";

    private static readonly string s_samples = Path.Combine(SourceTree.Root, "samples", "registry");
    private static readonly string s_near = Path.Combine(s_samples, "25011.conf");
    private static readonly string s_far = Path.Combine(s_samples, "250012.conf");

    [Test]
    public void A_line_in_the_console_moves_the_traffic_to_the_socket_and_its_removal_back()
    {
        string tarantool = Requires.Program("tarantool", "tarantool");
        string[] lines = File.ReadAllLines(Path.Combine(s_samples, "init.lua"));
        string replace = LineOf("box.space.OverriddenNodes:replace");
        string delete = LineOf("box.space.OverriddenNodes:delete");
        DeleteData();
        using Process console = Process.Start(
            new ProcessStartInfo(tarantool, [Path.Combine(s_samples, "init.lua")])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        try
        {
            _ = console.StandardOutput.ReadToEndAsync();
            _ = console.StandardError.ReadToEndAsync();
            using RunningProgram near = RunningProgram.StartHost("run", "--instance", s_near);
            using RunningProgram far = RunningProgram.StartHost("run", "--instance", s_far);
            near.WaitForLine("Node 250012: Connected");
            far.WaitForLine("Node 25011: Connected");
            Eventually.True(() => InUse() == "IP", static () => "UDP at first");
            Type(replace);
            Eventually.True(() => InUse() == "MEMORY", static () => "the socket, with shared memory");
            Type(delete);
            Eventually.True(() => InUse() == "IP", static () => "UDP again");
            Type("os.exit(0)");
            Assert.That(console.WaitForExit(RunningProgram.Limit), "the end of Tarantool");
            near.WaitForLine("registry.sock is Unreachable");
            using RunningProgram ping = RunningProgram.StartHost("ping", "250012", "-c", "1", "--instance", s_near);
            Assert.That(ping.WaitForExit(), Is.Zero, "the last good rows stay in use");

            // Their control sockets are in the usual place, where other tests would meet them.
            foreach (RunningProgram host in new[] { near, far })
            {
                host.Signal(RunningProgram.SIGTERM);
                Assert.That(host.WaitForExit(), Is.Zero, host.Everything);
            }
        }
        finally
        {
            console.Kill();
            console.WaitForExit();
            DeleteData();
        }

        string LineOf(string begin)
        {
            string? line = lines.FirstOrDefault(line =>
                line.TrimStart('-', ' ').StartsWith(begin, StringComparison.Ordinal)
            );
            Assert.That(line, Is.Not.Null, begin);
            return line!.TrimStart('-', ' ');
        }

        void Type(string line) => console.StandardInput.WriteLine(line);
    }

    // The transport that "stat" marks as in use.
    private static string InUse()
    {
        using RunningProgram stat = RunningProgram.StartHost("stat", "--once", "--instance", s_near);
        stat.WaitForExit();
        string? peer = stat
            .Output.Split('\n')
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(static words => words is ["250012", _, ..])
            ?[2];
        return peer?.Split('+')[0] ?? stat.Everything;
    }

    private static void DeleteData()
    {
        if (System.IO.Directory.Exists(Directory))
            System.IO.Directory.Delete(Directory, recursive: true);
    }
}
