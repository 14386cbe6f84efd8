using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

[Category("Process")]
[Parallelizable]
public sealed class CommandLineTests
{
    [TestCase("runn", "Unrecognized command or argument 'runn'. Did you mean run?")]
    [TestCase("staat --once", "Unrecognized command or argument 'staat'. Did you mean stat?")]
    [TestCase("stat --onse", "Unrecognized command or argument '--onse'. Did you mean --once?")]
    [TestCase("ping 5 --interwal 1", "Unrecognized command or argument '--interwal'. Did you mean --interval?")]
    [TestCase("frobnicate", "Unrecognized command or argument 'frobnicate'.\n")]
    [TestCase("stat --all --socket x", "--all does not go with --instance or --socket")]
    [TestCase("stat --once --watch", "--once and --watch exclude each other")]
    [TestCase("\u001b[31m", @"'\u001B[31m'")]
    [TestCase("run", "Option '--instance' is required.")]
    [TestCase("run --instance", "Required argument missing for option: '--instance'.")]
    [TestCase("run --instance x.conf --fast", "Unrecognized command or argument '--fast'.")]
    [TestCase("demo --seconds 0", "--seconds: '0' is no whole number from 1 to 600; for example: --seconds 7")]
    [TestCase("demo --seconds many", "--seconds: 'many' is no whole number from 1 to 600; for example: --seconds 7")]
    [TestCase(
        "demo --transport TCP",
        "--transport: 'TCP' is no transport type; there are FORWARD_TRANSPORT_IP, FORWARD_TRANSPORT_RDMA, "
            + "FORWARD_TRANSPORT_SOCKET, FORWARD_TRANSPORT_VSOCKET"
    )]
    [TestCase(
        "demo --impair loss=2",
        "--impair: 'loss=2' is no impairment: loss=2 is no percentage, as in loss=2%; for example: --impair bad-wan"
    )]
    [TestCase(
        "demo --impair bad-wan --impair-seed x",
        "--impair-seed: 'x' is no whole number from 0; for example: --impair-seed 7"
    )]
    [TestCase("demo --impair-seed 7", "--impair-seed: it needs --impair; for example: --impair bad-wan --impair-seed")]
    [TestCase(
        "demo --impair bad-wan --transport SOCKET",
        "--impair: only IP has datagrams to impair; leave out --transport, or add IP to it"
    )]
    [TestCase("ping", "Required argument missing for command: 'ping'.")]
    [TestCase("ping 0", "node: '0' is no whole number from 1 to 4294967295")]
    [TestCase("ping far", "node: 'far' is no whole number from 1 to 4294967295")]
    [TestCase("ping 5 --count 0", "--count: '0' is no whole number from 1 to 9223372036854775807")]
    [TestCase("ping 5 --interval 0.001", "--interval: '0.001' is no number from 0.01 to 60")]
    [TestCase("ping 5 --size 1101", "--size: '1101' is no whole number from 0 to 1100")]
    [TestCase("ping 5 --instance 5 --socket x", "--instance and --socket both name a host: give one of them")]
    [TestCase("stat --interval 61", "--interval: '61' is no number from 0.1 to 60")]
    public void A_wrong_command_line_is_told_and_exits_with_2(string arguments, string message)
    {
        using RunningProgram host = RunningProgram.StartHost(
            arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        );
        Assert.That(host.WaitForExit(), Is.EqualTo(2), host.Everything);
        Assert.That(
            host.Everything,
            Does.Contain(message).And.Contain("--help shows the usage").And.Not.Contain("   at ")
        );
        Assert.That(host.Output, Is.Empty);
    }

    [Test]
    public void An_instance_that_is_missing_is_told_with_those_that_are_there()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("fastforward-tests-");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "250012.conf"), "network=25011");
            using RunningProgram missing = RunningProgram.StartHost(
                "run",
                "--instance",
                "25011",
                "--instances-directory",
                directory.FullName
            );
            Assert.That(missing.WaitForExit(), Is.EqualTo(78));
            Assert.That(
                missing.Everything,
                Does.Contain($"{directory.FullName}/25011.conf: there is no such file; the instances there are 250012")
            );

            using RunningProgram copied = RunningProgram.StartHost(
                "run",
                "--instance",
                "250012",
                "--instances-directory",
                directory.FullName
            );
            Assert.That(copied.WaitForExit(), Is.EqualTo(78));
            Assert.That(
                copied.Everything,
                Does.Contain(
                    "network: the file is that of instance 250012 and says 25011; for example: network = 250012"
                )
            );
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Test]
    public void Without_arguments_the_usage_is_shown()
    {
        using RunningProgram host = RunningProgram.StartHost();
        Assert.That(host.WaitForExit(), Is.EqualTo(2), host.Everything);
        Assert.That(host.Everything, Does.Contain("Usage:").And.Contain("  stat ").And.Contain("  list "));
        Assert.That(host.Output, Is.Empty);
    }

    [TestCase("list")]
    [TestCase("list --json")]
    public void A_list_without_a_host_is_not_silent(string arguments)
    {
        using RunningProgram list = RunningProgram.StartHost(arguments.Split(' '));
        Assert.That(list.WaitForExit(), Is.Zero, list.Everything);
        // Hosts of other tests may run.
        Assert.That(list.Everything, Does.StartWith("no host runs").Or.Contain("{\"socket\":").Or.Contain("instance"));
    }

    [TestCase("--help")]
    [TestCase("list --help")]
    [TestCase("health --help")]
    [TestCase("run --help")]
    [TestCase("demo --help")]
    [TestCase("ping --help")]
    [TestCase("stat --help")]
    [TestCase("--version")]
    public void Help_and_version_are_no_errors(string arguments)
    {
        using RunningProgram host = RunningProgram.StartHost(arguments.Split(' '));
        Assert.That(host.WaitForExit(), Is.Zero, host.Everything);
        Assert.That(host.Output, Is.Not.Empty.And.Not.Contain("demo-node"), "the children's command is hidden");
    }
}
