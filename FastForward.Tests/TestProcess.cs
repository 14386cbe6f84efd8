using System.Diagnostics;

namespace FastForward.Tests;

/// <summary>This assembly started as a second process (see <see cref="Program"/>); killed on dispose.</summary>
internal sealed class TestProcess : IDisposable
{
    private readonly Process _process;

    private TestProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public static TestProcess Start(params string[] arguments)
    {
        string? host = Environment.ProcessPath;
        ProcessStartInfo start = new(host is not null && Path.GetFileName(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(TestProcess).Assembly.Location);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        return new TestProcess(Process.Start(start)!);
    }

    /// <summary>Reads the next output line, within <see cref="LoopDriver.Limit"/>.</summary>
    public string ReadLine()
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        if (!line.Wait(LoopDriver.Limit))
            throw new AssertionException($"The second process printed nothing for {LoopDriver.Limit.TotalSeconds} s.");
        return line.Result ?? throw new AssertionException("The second process exited without output.");
    }

    public void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Sends SIGKILL and waits for the exit.</summary>
    public void Kill()
    {
        _process.Kill();
        if (!_process.WaitForExit(LoopDriver.Limit))
            throw new AssertionException("The second process did not exit after SIGKILL.");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }
}
