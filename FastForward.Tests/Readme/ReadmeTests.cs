namespace FastForward.Tests.Readme;

/// <summary>The contents of README.md and of the packages' READMEs: commands, links and samples are valid.</summary>
public sealed class ReadmeTests
{
    /// <summary>Shell blocks that no test runs, each with the reason.</summary>
    private static readonly Dictionary<string, string> s_excluded = new() { ["./test.sh\n"] = "it runs these tests" };

    private static readonly string[] s_packages = ["FastForward.Transport/README.md", "Tarantool.Client/README.md"];

    [Test]
    public void Each_shell_block_is_run_by_a_test_or_excluded_by_name()
    {
        Assert.That(
            new MarkdownFile("README.md").ShellBlocks,
            Is.EquivalentTo((string[])[.. ReadmeCommandTests.Blocks, .. s_excluded.Keys])
        );
        foreach (string package in s_packages)
            Assert.That(new MarkdownFile(package).ShellBlocks, Has.Count.EqualTo(1), "PackageReadmeTests runs one");
    }

    [TestCase("README.md")]
    [TestCaseSource(nameof(s_packages))]
    public void Its_links_resolve(string readme)
    {
        string directory = Path.GetDirectoryName(Path.Combine(SourceTree.Root, readme))!;
        foreach (string link in new MarkdownFile(readme).Links)
            Assert.That(Path.Exists(Path.Combine(directory, link)), link);
    }

    [TestCase("25011")]
    [TestCase("250012")]
    public void The_samples_are_valid(string node)
    {
        Assert.That(
            FastForward
                .Host.Instances.InstanceReader.ReadFile(Path.Combine(SourceTree.Root, "samples", $"{node}.conf"))
                .Problems,
            Is.Empty
        );
    }
}
