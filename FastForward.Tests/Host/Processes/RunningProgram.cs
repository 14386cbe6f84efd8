using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FastForward.Tests.Host.Processes;

/// <summary>
/// A real process under test: collects what it writes, waits for a line or for its end (30 s at most), and never
/// outlives its test.
/// </summary>
internal sealed partial class RunningProgram : IDisposable
{
    public const int SIGINT = 2;
    public const int SIGKILL = 9;
    public const int SIGTERM = 15;
    public const int SIGCONT = 18;
    public const int SIGSTOP = 19;

    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly List<string> _output = [];
    private bool _ended;

    private RunningProgram(ProcessStartInfo start)
    {
        Name = Path.GetFileName(start.FileName);
        _process = Process.Start(start)!;
        _process.EnableRaisingEvents = true;
        _process.OutputDataReceived += (_, line) => Take(line.Data, output: true);
        _process.ErrorDataReceived += (_, line) => Take(line.Data, output: false);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _ = _process.WaitForExitAsync().ContinueWith(_ => End(), TaskScheduler.Default);
    }

    public string Name { get; }

    public int Id => _process.Id;

    /// <summary>The standard output alone.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _output);
        }
    }

    /// <summary>Both streams as they came.</summary>
    public string Everything
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    public static RunningProgram Start(string program, params string[] arguments) =>
        StartIn(Environment.CurrentDirectory, program, arguments);

    public static RunningProgram StartIn(string directory, string program, params string[] arguments) =>
        new(
            new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = directory,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        );

    /// <summary>
    /// The host as it was built with the tests. A shell that runs the tests in the background makes its children ignore
    /// SIGINT, and they would hand that down: env undoes it.
    /// </summary>
    public static RunningProgram StartHost(params string[] arguments) =>
        Start("env", ["--default-signal=INT", HostPath, .. arguments]);

    public static string HostPath => Path.Combine(AppContext.BaseDirectory, "FastForward.Host");

    /// <summary>Waits until a line holds <paramref name="text"/>.</summary>
    public void WaitForLine(string text) =>
        WaitFor(() => _lines.Exists(line => line.Contains(text, StringComparison.Ordinal)), $"a line with \"{text}\"");

    /// <summary>Waits until <paramref name="count"/> lines hold <paramref name="text"/>.</summary>
    public void WaitForLines(string text, int count) =>
        WaitFor(
            () => _lines.Count(line => line.Contains(text, StringComparison.Ordinal)) >= count,
            $"{count} lines with \"{text}\""
        );

    /// <summary>Waits for the end of the process and of its output.</summary>
    /// <returns>The exit code.</returns>
    public int WaitForExit() => WaitForExit(Limit);

    public int WaitForExit(TimeSpan limit)
    {
        WaitFor(() => _ended, "its end", limit, evenAfterEnd: true);
        return _process.ExitCode;
    }

    public void Signal(int signal) => Assert.That(Kill(_process.Id, signal), Is.Zero, $"kill({signal}) of {Name}");

    /// <summary>Signals a process that another program of the test has started.</summary>
    public static void Signal(int process, int signal) =>
        Assert.That(Kill(process, signal), Is.Zero, $"kill({signal}) of {process}");

    public void Dispose()
    {
        if (!_ended)
        {
            _process.Kill(entireProcessTree: true);
            WaitForExit();
        }

        _process.Dispose();
    }

    private void WaitFor(Func<bool> condition, string what, TimeSpan? limit = null, bool evenAfterEnd = false)
    {
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan most = limit ?? Limit;
        lock (_lines)
        {
            while (!condition())
            {
                if (_ended && !evenAfterEnd)
                    throw new AssertionException(
                        $"{Name} ended with code {_process.ExitCode} before {what}:\n{string.Join('\n', _lines)}"
                    );
                TimeSpan left = most - watch.Elapsed;
                if (left <= TimeSpan.Zero)
                    throw new AssertionException(
                        $"{Name}: waited {watch.Elapsed.TotalSeconds:0.0} s for {what}:\n{string.Join('\n', _lines)}"
                    );
                Monitor.Wait(_lines, left);
            }
        }
    }

    private void Take(string? line, bool output)
    {
        if (line is null)
            return;
        lock (_lines)
        {
            _lines.Add(line);
            if (output)
                _output.Add(line);
            Monitor.PulseAll(_lines);
        }
    }

    private void End()
    {
        lock (_lines)
        {
            _ended = true;
            Monitor.PulseAll(_lines);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
