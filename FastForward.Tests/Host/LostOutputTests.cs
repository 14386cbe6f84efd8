using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary>Commands whose output is closed, full or read by nothing.</summary>
[Category("Process")]
public sealed class LostOutputTests
{
    [Test]
    public void An_output_that_takes_nothing_is_told_and_is_a_failure(
        [Values("--help", "--version", "run --help", "list", "demo --transport RDMA")] string arguments,
        [Values(">&-", "> /dev/full")] string output
    )
    {
        using RunningProgram shell = Start($"'{RunningProgram.HostPath}' {arguments} {output}");
        Assert.That(shell.WaitForExit(), Is.EqualTo(1), shell.Everything);
        Assert.That(
            shell.Everything,
            Does.Match("(^|\n)The standard output cannot be written: (it is closed|No space left on device)$")
                .And.Not.Contain("   at ")
        );
    }

    [TestCase("--help")]
    [TestCase("--version")]
    [TestCase("stat --help")]
    [TestCase("list")]
    public void A_reader_that_has_gone_is_no_message(string arguments)
    {
        // The reader ends first: the host starts when it is gone.
        using RunningProgram shell = Start(
            $"(sleep 0.2; '{RunningProgram.HostPath}' {arguments}; echo ended with $? >&2) | true"
        );
        Assert.That(shell.WaitForExit(), Is.Zero, shell.Everything);
        Assert.That(shell.Everything, Is.EqualTo("ended with 1"));
    }

    private static RunningProgram Start(string script) => RunningProgram.Start("bash", "-c", script);
}
