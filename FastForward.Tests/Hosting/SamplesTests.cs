using System.Text.RegularExpressions;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Hosting;

/// <summary>The programs in samples/ as they were built with the tests, run as their first lines say.</summary>
[TestFixture]
[Category("Process")]
[Parallelizable]
public sealed partial class SamplesTests
{
    private static readonly string s_directory = Path.Combine(SourceTree.Root, "samples");

    private static IEnumerable<string> Names =>
        Directory.EnumerateFiles(s_directory, "*.csproj", SearchOption.AllDirectories).Select(NameOf).Order();

    [Test]
    public void Each_is_in_the_solution_and_in_the_readme([ValueSource(nameof(Names))] string name)
    {
        string readme = File.ReadAllText(Path.Combine(SourceTree.Root, "README.md"));
        string solution = File.ReadAllText(Path.Combine(SourceTree.Root, "FastForward.sln"));
        Assert.That(readme, Does.Contain($"(samples/{name}/Program.cs)"));
        Assert.That(solution, Does.Contain($@"samples\{name}\{name}.csproj"));
        Assert.That(Commands(name), Is.Not.Empty, "its first lines say how to run it");
    }

    [Test]
    public void RequestReply()
    {
        using RunningProgram server = Start("RequestReply", 0);
        server.WaitForLine("node 40100 serves");
        using RunningProgram asker = Start("RequestReply", 1);
        Assert.That(asker.WaitForExit(), Is.Zero, asker.Everything);
        Assert.That(asker.Output, Is.EqualTo("desserts (Answered over Socket)"));
        Stop(server);
        Assert.That(File.Exists("/tmp/FastForward.40100.sock"), Is.False, "the socket is gone");
        using RunningProgram alone = Start("RequestReply", 1);
        Assert.That(alone.WaitForExit(), Is.EqualTo(1), "nobody serves");
        Assert.That(alone.Everything, Does.StartWith("Node 40100 sent no reply on service 1 within 00:00:05"));
    }

    [Test]
    public void Pipe()
    {
        using RunningProgram counter = Start("Pipe", 0);
        counter.WaitForLine("node 40130 counts");
        using RunningProgram sender = Start("Pipe", 1);
        Assert.That(sender.WaitForExit(), Is.Zero, sender.Everything);
        int lines = File.ReadLines(Path.Combine(SourceTree.Root, "README.md")).Count();
        Assert.That(sender.Output, Is.EqualTo($"{lines} lines"));
        Stop(counter);
    }

    [Test]
    public void Worker()
    {
        using RunningProgram left = Start("Worker", 0);
        using RunningProgram right = Start("Worker", 1);
        left.WaitForLine("node 40111 says that it is ");
        right.WaitForLine("node 40110 says that it is ");
        Stop(left, right);
    }

    [Test]
    public async Task WebApi()
    {
        using RunningProgram left = Start("WebApi", 0);
        using RunningProgram right = Start("WebApi", 1);
        left.WaitForLine("Now listening on");
        left.WaitForLine("Node 40121: Connected over Socket");
        right.WaitForLine("Node 40120: Connected over Socket");

        using HttpClient http = new() { Timeout = RunningProgram.Limit };
        string source = Source("WebApi");
        string[] answers = await Task.WhenAll(Url().Matches(source).Select(url => http.GetStringAsync(url.Value)));
        Assert.That(answers, Has.Length.EqualTo(3), "time, health, metrics");
        Assert.That(answers[0], Does.Match(@"^\d{4}-\d\d-\d\dT.*Z$"));
        Assert.That(answers[1], Is.EqualTo("Healthy"));
        Assert.That(
            answers[2].Split(Environment.NewLine),
            Does.Contain("fastforward.peers fastforward.node=40120 fastforward.peer.state=connected 1")
        );

        Stop(right);
        left.WaitForLine("Node 40121: Lost");
        Assert.That(await http.GetStringAsync(Url().Matches(source)[1].Value), Is.EqualTo("Degraded"));
        Stop(left);
    }

    [Test]
    public void MemoryTransport()
    {
        using RunningProgram program = Start("MemoryTransport", 0);
        Assert.That(program.WaitForExit(), Is.Zero, program.Everything);
        Assert.That(program.Output, Does.Contain("node 3 to node 2: hello to you"));
    }

    private static void Stop(params RunningProgram[] programs)
    {
        foreach (RunningProgram program in programs)
        {
            program.Signal(RunningProgram.SIGTERM);
            Assert.That(program.WaitForExit(), Is.Zero, program.Everything);
            Assert.That(program.Everything, Does.Not.Contain("fail:").And.Not.Contain("crit:"));
        }
    }

    private static RunningProgram Start(string sample, int command)
    {
        DirectoryInfo framework = new(AppContext.BaseDirectory.TrimEnd('/'));
        string program = Path.Combine(s_directory, sample, "bin", framework.Parent!.Name, framework.Name, sample);
        return RunningProgram.StartIn(SourceTree.Root, program, Commands(sample)[command]);
    }

    /// <summary>The arguments of each command in the comment at the head of the program.</summary>
    private static string[][] Commands(string sample) =>
        [
            .. Command()
                .Matches(Source(sample))
                .Where(command => command.Groups["name"].Value == sample)
                .Select(static command => command.Groups["arguments"].Value)
                .Select(static arguments => arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        ];

    private static string Source(string sample) =>
        File.ReadAllText(Path.Combine(s_directory, sample, "Program.cs")).Split("\nusing", 2)[0];

    private static string NameOf(string project) => Path.GetFileNameWithoutExtension(project);

    [GeneratedRegex(@"^//   dotnet run --project samples/(?<name>\w+)( -- (?<arguments>.*))?$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"(?<=^//   curl )\S+$", RegexOptions.Multiline)]
    private static partial Regex Url();
}
