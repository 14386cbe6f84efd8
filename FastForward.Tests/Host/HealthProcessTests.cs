using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary><c>health</c> against real hosts.</summary>
[TestFixture]
[Category("Process")]
[Parallelizable]
public sealed class HealthProcessTests
{
    private TwoInstances _instances = null!;

    [SetUp]
    public void SetUp() => _instances = new TwoInstances("SOCKET");

    [TearDown]
    public void TearDown() => _instances.Dispose();

    [Test]
    public void Two_hosts_that_know_each_other_are_healthy_and_one_left_alone_is_degraded()
    {
        (_, RunningProgram far) = _instances.StartBoth("", "");
        Assert.That(Health(out string output, "--strict"), Is.Zero, output);
        Assert.That(output, Is.EqualTo("healthy"));
        far.Signal(RunningProgram.SIGKILL);
        Eventually.True(() => Health(out output, "--strict") == 1, () => output);
        Assert.That(output, Does.StartWith($"degraded\n- node {TwoInstances.Far} is "));
        Assert.That(Health(out output), Is.Zero, "degraded is no reason to restart a host");
        Health(out output, "--json");
        HealthReport report = JsonSerializer.Deserialize(output, MonitoringJson.Default.HealthReport)!;
        Assert.That(
            (report.Status, report.AbsentPeers.Single(), report.Problems.Count),
            Is.EqualTo(("degraded", TwoInstances.Far, 1))
        );
    }

    [Test]
    public void Where_no_host_runs_the_exit_code_says_so()
    {
        using TemporaryDirectory empty = new();
        using RunningProgram health = RunningProgram.StartHost("health", "--socket", empty["none.control"]);
        Assert.That(health.WaitForExit(), Is.EqualTo(69), health.Everything);
        Assert.That(health.Everything, Does.Contain("no host runs"));
    }

    [Test]
    public void After_an_edit_with_a_mistake_the_running_host_is_still_asked()
    {
        RunningProgram near = _instances.Start(TwoInstances.Near, "");
        near.WaitForLine($"Node {TwoInstances.Near} runs");
        string file = _instances.InstanceFile(TwoInstances.Near);
        string text = File.ReadAllText(file);
        File.WriteAllText(file, text + "\n[brigde]\nlisten = x\n");
        using (RunningProgram health = RunningProgram.StartHost("health", "--instance", file))
        {
            Assert.That(health.WaitForExit(), Is.Zero, health.Everything);
            Assert.That(health.Output, Does.StartWith("degraded"));
            Assert.That(health.Everything, Does.Contain("did you mean [bridge]?").And.Contain("asked nevertheless"));
        }

        // Even the id is wrong: the number of the file says which node is meant.
        File.WriteAllText(file, text.Replace("network=", "netwrk=", StringComparison.Ordinal));
        using RunningProgram byId = RunningProgram.StartHost(
            "health",
            "--instance",
            $"{TwoInstances.Near}",
            "--instances-directory",
            _instances.DirectoryName
        );
        Assert.That(byId.WaitForExit(), Is.Zero, byId.Everything);
    }

    [Test]
    public void Without_an_output_the_exit_code_is_that_of_the_health()
    {
        RunningProgram near = _instances.Start(TwoInstances.Near, "");
        near.WaitForLine($"Node {TwoInstances.Near} runs");
        foreach (string output in new[] { ">&-", "> /dev/full" })
        {
            foreach ((string option, int code) in new[] { ("", 0), ("--strict", 1) })
            {
                using RunningProgram shell = RunningProgram.Start(
                    "bash",
                    "-c",
                    $"'{RunningProgram.HostPath}' health {option} --socket "
                        + $"'{_instances.ControlSocket(TwoInstances.Near)}' {output}"
                );
                Assert.That(shell.WaitForExit(), Is.EqualTo(code), shell.Everything);
                Assert.That(shell.Everything, Does.StartWith("The standard output cannot be written: "), output);
            }
        }
    }

    [TestCase("control-directory")]
    [TestCase("socket-directory")]
    public void A_directory_that_is_missing_is_told_and_no_other_is_asked(string key)
    {
        string file = _instances.InstanceFile(TwoInstances.Near);
        string missing = Path.Combine(_instances.DirectoryName, "gone");
        File.WriteAllText(file, $"network={TwoInstances.Near}\n{key}={missing}\n");
        using RunningProgram health = RunningProgram.StartHost("health", "--instance", file);
        Assert.That(health.WaitForExit(), Is.EqualTo(69), health.Everything);
        Assert.That(
            health.Everything,
            Does.EndWith($"no host can be asked: the directory of its control socket, {missing}, is missing")
        );
    }

    private int Health(out string output, params string[] options)
    {
        using RunningProgram health = RunningProgram.StartHost([
            "health",
            "--socket",
            _instances.ControlSocket(TwoInstances.Near),
            .. options,
        ]);
        int code = health.WaitForExit();
        output = health.Everything;
        return code;
    }
}
