using System.Text.RegularExpressions;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests;

/// <summary>The contents of README.md: commands, links and samples are valid.</summary>
public sealed partial class ReadmeTests
{
    private static string[] Commands =>
        [
            .. CommandBlock()
                .Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "README.md")))
                .SelectMany(static block => block.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
        ];

    [Test]
    public void The_commands_are_the_tested_ones()
    {
        Assert.That(
            Commands.Take(4),
            Is.EqualTo(
                new[]
                {
                    "dotnet run -c Release --project FastForward.Host -- demo",
                    "./test.sh",
                    "dotnet run -c Release --project FastForward.Host -- run --instance samples/25011.conf",
                    "dotnet run -c Release --project FastForward.Host -- run --instance samples/250012.conf",
                }
            )
        );
    }

    [Test]
    public void Its_links_resolve()
    {
        foreach (Match link in Link().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "README.md"))))
            Assert.That(File.Exists(Path.Combine(SourceTree.Root, link.Groups[1].Value)), link.Groups[1].Value);
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

    [Test]
    [Category("Readme")]
    public void The_first_command_works_in_a_clean_copy_of_the_source()
    {
        DirectoryInfo copy = Directory.CreateTempSubdirectory("fastforward-readme-");
        try
        {
            Copy(new DirectoryInfo(SourceTree.Root), copy);
            using RunningProgram shell = RunningProgram.StartIn(copy.FullName, "bash", "-c", Commands[0]);
            Assert.That(shell.WaitForExit(TimeSpan.FromMinutes(5)), Is.Zero, shell.Everything);
            Assert.That(
                shell.Output,
                Does.Match("FORWARD_TRANSPORT_IP .* ok").And.Match("FORWARD_TRANSPORT_SOCKET .* ok"),
                shell.Everything
            );
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    private static void Copy(DirectoryInfo from, DirectoryInfo to)
    {
        foreach (FileInfo file in from.GetFiles())
            file.CopyTo(Path.Combine(to.FullName, file.Name));
        foreach (
            DirectoryInfo directory in from.GetDirectories()
                .Where(static directory => directory.Name is not ("bin" or "obj" or ".git" or "TestResults"))
        )
            Copy(directory, to.CreateSubdirectory(directory.Name));
    }

    [GeneratedRegex(@"^```\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CommandBlock();

    [GeneratedRegex(@"\]\(([^)#:]+)\)")]
    private static partial Regex Link();
}
