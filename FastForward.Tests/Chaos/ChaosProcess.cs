using System.Collections.Concurrent;
using System.Diagnostics;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Chaos;

/// <summary>A <see cref="ChaosChild"/> as its parent sees it; killed on dispose.</summary>
internal sealed class ChaosProcess : IDisposable
{
    private readonly Process _process;
    private readonly BlockingCollection<string> _lines = [];
    private readonly ConcurrentQueue<string> _errors = [];
    private readonly string _name;

    public ChaosProcess(ChaosArguments arguments, NetworkNamespace? network = null)
    {
        _name = arguments.Node == 0 ? "the stranger" : $"node {arguments.Node} process {arguments.Process}";
        string? host = Environment.ProcessPath;
        string[] command =
        [
            .. network?.Prefix ?? [],
            host is not null && Path.GetFileName(host) == "dotnet" ? host : "dotnet",
            "exec",
            typeof(ChaosProcess).Assembly.Location,
            "chaos",
            .. arguments.ToWords(),
        ];
        _process = Process.Start(
            new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
                _lines.CompleteAdding();
            else
                _lines.Add(line.Data);
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null)
                _errors.Enqueue(line.Data);
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Waits for its next line.</summary>
    public string Read()
    {
        if (_lines.TryTake(out string? line, LoopDriver.Limit))
            return line;
        throw new AssertionException(
            $"{_name} {(HasExited ? "ended" : "printed nothing")}:\n{string.Join('\n', _errors)}"
        );
    }

    public string Ask(string command)
    {
        _process.StandardInput.WriteLine(command);
        return Read();
    }

    /// <summary>A command whose answer does not matter: the process may be stopped.</summary>
    public void Tell(string command) => _process.StandardInput.WriteLine(command);

    public void Signal(int signal) => RunningProgram.Signal(_process.Id, signal);

    /// <summary>SIGKILL, and waits for the exit.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Waits for the exit after SIGTERM, which must be in order.</summary>
    public void WaitForOrderlyExit()
    {
        if (!_process.WaitForExit(LoopDriver.Limit))
            throw new AssertionException($"{_name} did not end at SIGTERM.");
        Assert.That(_process.ExitCode, Is.Zero, () => $"{_name} ended:\n{string.Join('\n', _errors)}");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
        _lines.Dispose();
    }
}
