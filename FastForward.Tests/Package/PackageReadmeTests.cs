using FastForward.Tests.Host.Processes;
using FastForward.Tests.Readme;

namespace FastForward.Tests.Package;

/// <summary>
/// The shell block of a package's README, run as it is, and its program built in the project that it makes.
/// </summary>
[TestFixture(PackedFile.Transport)]
[TestFixture(PackedFile.Tarantool)]
[Category("Package")]
public sealed class PackageReadmeTests(string id)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    private PackedFile _package = null!;
    private TemporaryDirectory _directory = null!;

    [OneTimeSetUp]
    public void Pack()
    {
        _package = new PackedFile(id);
        _directory = new TemporaryDirectory();
        File.WriteAllText(_directory["nuget.config"], _package.Configuration);
    }

    [OneTimeTearDown]
    public void CleanUp()
    {
        _directory?.Dispose();
        _package?.Dispose();
    }

    [Test]
    public void Its_commands_make_a_project_in_which_its_program_builds()
    {
        MarkdownFile readme = new($"{id}/README.md");
        using RunningProgram shell = RunningProgram.StartIn(
            _directory.Path,
            "bash",
            "-ec",
            readme.ShellBlocks.Single()
        );
        Assert.That(shell.WaitForExit(s_limit), Is.Zero, shell.Everything);
        string project = Directory.GetFiles(_directory.Path, "*.csproj", SearchOption.AllDirectories).Single();
        Assert.That(File.ReadAllText(project), Does.Contain($"\"{id}\" Version=\"{_package.Version}\""));

        string source = Path.GetDirectoryName(project)!;
        File.WriteAllText(Path.Combine(source, "Program.cs"), readme.Programs[0]);
        PackedFile.Run(source, s_limit, "build", "--nologo", "-warnaserror", "-o", _directory["built"]);
        if (id == PackedFile.Transport)
            GreetingNodes.Run(_directory["built/hello"]);
    }
}
