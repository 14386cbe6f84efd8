namespace FastForward.Tests.Host.Processes;

/// <summary>
/// A network of its own for real processes, with own mounts, so that a test can make interfaces and name a DNS server.
/// Needs root.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    private readonly RunningProgram _keeper;
    private readonly string _nsenter = Requires.Program("nsenter", "util-linux");

    public NetworkNamespace()
    {
        Requires.Namespaces();
        // Its input ends with this process: it never outlives the tests.
        _keeper = RunningProgram.Start("unshare", "--mount", "--net", "sh", "-c", "echo ready; exec cat");
        _keeper.WaitForLine("ready");
        Run("ip", "link", "set", "lo", "up");
    }

    /// <summary>A process in the namespace.</summary>
    public int Id => _keeper.Id;

    /// <summary>The beginning of a command line that runs a program in the namespace.</summary>
    public IReadOnlyList<string> Prefix => [_nsenter, "--mount", "--net", $"--target={_keeper.Id}"];

    /// <summary>Starts a program in the namespace.</summary>
    public RunningProgram Start(string program, params string[] arguments) =>
        RunningProgram.Start(Prefix[0], [.. Prefix.Skip(1), program, .. arguments]);

    /// <summary>Starts the host in the namespace.</summary>
    public RunningProgram StartHost(params string[] arguments) =>
        Start("env", ["--default-signal=INT", RunningProgram.HostPath, .. arguments]);

    /// <summary>Runs a program to its end, which must be a success.</summary>
    /// <returns>What it wrote.</returns>
    public string Run(string program, params string[] arguments)
    {
        using RunningProgram running = Start(program, arguments);
        Assert.That(running.WaitForExit(), Is.Zero, $"{program} {string.Join(' ', arguments)}: {running.Everything}");
        return running.Everything;
    }

    /// <summary>Makes an interface that drops what is sent through it.</summary>
    public void AddInterface(string name)
    {
        Run("ip", "link", "add", name, "type", "ifb");
        Run("ip", "link", "set", name, "up");
    }

    public void Dispose() => _keeper.Dispose();
}
