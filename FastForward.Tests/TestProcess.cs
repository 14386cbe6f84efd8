using System.Diagnostics;

namespace FastForward.Tests;

/// <summary>This assembly started again as a second process (see <see cref="Program"/>), killed at the latest when disposed.</summary>
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

    /// <summary>The process's next line, within the general limit for waits.</summary>
    public string ReadLine()
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        if (!line.Wait(LoopDriver.Limit))
            throw new AssertionException($"The second process said nothing for {LoopDriver.Limit.TotalSeconds} s.");
        return line.Result ?? throw new AssertionException("The second process ended without a word.");
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public void Kill()
    {
        _process.Kill();
        if (!_process.WaitForExit(LoopDriver.Limit))
            throw new AssertionException("The second process outlived kill -9.");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }
}
