using FastForward.Tests.Host.Processes;
using FastForward.Tests.Package;

namespace FastForward.Tests.Readme;

/// <summary>The shell blocks of README.md, run as they are in a clean copy of the source.</summary>
[TestFixture]
[Category("Readme")]
public sealed class ReadmeCommandTests
{
    private const string Host = "dotnet run -c Release --project FastForward.Host -- ";
    private const string Demo = $"{Host}demo\n";

    private const string Run = $"""
        {Host}run --instance samples/25011.conf
        {Host}run --instance samples/250012.conf

        """;

    private const string Monitor = $"""
        {Host}ping 250012 --count 5 --instance samples/25011.conf
        {Host}stat --instance samples/25011.conf

        """;

    private const string Pack = """
        dotnet new console -o ../hello
        cp nuget.config ../hello
        dotnet pack Tarantool.Client -c Release -o ../hello/packages
        dotnet pack FastForward.Transport -c Release -o ../hello/packages
        cd ../hello
        dotnet add package FastForward.Transport

        """;

    private static readonly TimeSpan s_build = TimeSpan.FromMinutes(5);

    private TemporaryDirectory _root = null!;

    /// <summary>The blocks that this fixture runs; <see cref="ReadmeTests"/> compares them with the file.</summary>
    internal static IReadOnlyList<string> Blocks { get; } = [Demo, Run, Monitor, Pack];

    private string Copy => _root["copy"];

    [OneTimeSetUp]
    public void CopySource()
    {
        _root = new TemporaryDirectory();
        CopyDirectory(new DirectoryInfo(SourceTree.Root), Directory.CreateDirectory(Copy));
    }

    [OneTimeTearDown]
    public void CleanUp() => _root.Dispose();

    [Test]
    public void The_first_command_works()
    {
        using RunningProgram shell = RunningProgram.StartIn(Copy, "bash", "-c", Demo);
        Assert.That(shell.WaitForExit(s_build), Is.Zero, shell.Everything);
        Assert.That(
            shell.Output,
            Does.Match("FORWARD_TRANSPORT_IP .* ok").And.Match("FORWARD_TRANSPORT_SOCKET .* ok"),
            shell.Everything
        );
    }

    [Test]
    [DependsOnTest(nameof(The_first_command_works))] // which builds the host
    public void The_two_nodes_run_and_are_measured_and_shown()
    {
        using RunningProgram first = StartLine(Run, 0);
        first.WaitForLine("Node 25011 runs");
        using RunningProgram second = StartLine(Run, 1);
        first.WaitForLine("Node 250012: Connected over Socket");

        using RunningProgram ping = StartLine(Monitor, 0);
        Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
        Assert.That(ping.Output, Does.Contain("5 sent, 5 received"));
        using RunningProgram stat = StartLine(Monitor, 1);
        stat.WaitForLine("250012 up MEMORY");

        foreach (RunningProgram running in new[] { stat, second, first })
        {
            running.Signal(RunningProgram.SIGTERM);
            Assert.That(running.WaitForExit(), Is.Zero, running.Everything);
        }
    }

    [Test]
    public void The_library_is_packed_and_added_to_a_project()
    {
        // A version of its own, because NuGet would take a cached package of the same version instead.
        string version = PackedFile.NewVersion();
        try
        {
            using RunningProgram shell = RunningProgram.StartIn(
                Copy,
                "env",
                $"PackageVersion={version}",
                "bash",
                "-ec",
                $"{Pack}dotnet build"
            );
            Assert.That(shell.WaitForExit(s_build), Is.Zero, shell.Everything);
            Assert.That(File.ReadAllText(_root["hello/hello.csproj"]), Does.Contain(version));
            Assert.That(_root["hello/bin/Debug/net10.0/FastForward.Transport.dll"], Does.Exist);
        }
        finally
        {
            PackedFile.RemoveCached(PackedFile.Transport, version);
            PackedFile.RemoveCached(PackedFile.Tarantool, version);
        }
    }

    private static void CopyDirectory(DirectoryInfo from, DirectoryInfo to)
    {
        foreach (FileInfo file in from.GetFiles())
            file.CopyTo(Path.Combine(to.FullName, file.Name));
        foreach (
            DirectoryInfo directory in from.GetDirectories()
                .Where(static directory => directory.Name is not ("bin" or "obj" or ".git" or "TestResults"))
        )
            CopyDirectory(directory, to.CreateSubdirectory(directory.Name));
    }

    // Each in a shell of its own, which the program replaces, so that signals reach it.
    private RunningProgram StartLine(string block, int line) =>
        RunningProgram.StartIn(Copy, "bash", "-c", $"exec {block.Split('\n')[line]}");
}
