using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>One child process of a round. Disposing terminates it.</summary>
internal sealed class SideProcess : IDisposable
{
    private static readonly TimeSpan s_exitLimit = TimeSpan.FromSeconds(2);
    private static readonly byte[] s_byte = [(byte)'g'];

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _errors = [];
    private readonly SidePlan _plan;

    private SideProcess(SidePlan plan, Process process)
    {
        _plan = plan;
        _process = process;
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Ended = _process.WaitForExitAsync();
    }

    /// <summary>Completes when the process has exited. An exit before disposal is a failure.</summary>
    public Task Ended { get; }

    /// <summary>Starts the process: floor.c, or this program with the command <c>side</c>.</summary>
    public static SideProcess Start(SidePlan plan, FloorProgram? floor)
    {
        ProcessStartInfo start = ImplementationName.IsFloor(plan.Implementation)
            ? new ProcessStartInfo(floor!.Path, FloorProgram.Arguments(plan))
            : OwnCommand(plan);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            return new SideProcess(plan, Process.Start(start)!);
        }
        catch (Win32Exception exception)
        {
            // For example a temporary directory mounted noexec, which prevents the floor program from starting.
            throw new BenchmarkFailure($"{start.FileName} cannot be started: {exception.Message}");
        }
    }

    /// <summary>The CPU time used so far in nanoseconds; null if the process has exited.</summary>
    public long? ProcessorTime() => Scheduling.ProcessorTime(_process.Id);

    /// <summary>Waits for a line that begins with <paramref name="word"/>.</summary>
    /// <returns>The words after it.</returns>
    public async Task<string[]> ExpectAsync(string word, CancellationToken cancellation)
    {
        string line = await ReadAsync(cancellation).ConfigureAwait(false);
        string[] words = line.Split(' ');
        if (words[0] != word)
            throw new BenchmarkFailure($"{Name} printed '{line}' where '{word}' was expected");
        return words[1..];
    }

    /// <summary>Reads lines "NANOSECONDS COUNT" up to "done".</summary>
    public async Task<IReadOnlyList<(long Nanos, long Count)>> ReadTimesAsync(CancellationToken cancellation)
    {
        List<(long, long)> times = [];
        while (true)
        {
            string line = await ReadAsync(cancellation).ConfigureAwait(false);
            if (line == "done")
                return times;
            string[] words = line.Split(' ');
            if (words.Length != 2)
                throw new BenchmarkFailure($"{Name} printed '{line}' where a time and its count were expected");
            times.Add((Number(words[0]), Number(words[1])));
        }
    }

    /// <summary>Writes the byte that a client waits for before it measures.</summary>
    public void Go()
    {
        try
        {
            _process.StandardInput.BaseStream.Write(s_byte);
            _process.StandardInput.BaseStream.Flush();
        }
        catch (IOException)
        {
            // The process has exited; reading the next line reports why.
        }
    }

    /// <summary>
    /// Queries the number of handled messages and allocated bytes; null for the floor program, which is not managed.
    /// </summary>
    public async Task<(long Messages, long Allocated)?> MarkAsync(CancellationToken cancellation)
    {
        if (ImplementationName.IsFloor(_plan.Implementation))
            return null;
        Go();
        string[] words = await ExpectAsync("mark", cancellation).ConfigureAwait(false);
        return (Number(words[0]), Number(words[1]));
    }

    /// <summary>Closes the input, and kills the process if it does not exit in time.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The process has already exited.
        }

        if (!_process.WaitForExit(s_exitLimit))
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    public static long Number(string text) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new BenchmarkFailure($"'{text}' is not a number");

    /// <summary>The exit code and the last error output; null while it runs.</summary>
    public string? DescribeEnd()
    {
        if (!Ended.IsCompleted)
            return null;
        string last;
        lock (_errors)
            last = _errors.Count == 0 ? "" : $": {string.Join("; ", _errors.TakeLast(5))}";
        return $"{Name} ended with code {_process.ExitCode}{last}";
    }

    private string Name => $"the {_plan.Role.ToString().ToLowerInvariant()} process ({_process.Id})";

    private static ProcessStartInfo OwnCommand(SidePlan plan)
    {
        string program = Environment.ProcessPath ?? throw new BenchmarkFailure("the path of this process is unknown");
        bool throughDotnet = Path.GetFileNameWithoutExtension(program)
            .Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        string[] command = ["side", plan.ToJson()];
        ProcessStartInfo start = new(
            program,
            throughDotnet ? [Environment.GetCommandLineArgs()[0], .. command] : command
        );
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // no debugger threads and files
        start.Environment["DOTNET_gcConcurrent"] = "0"; // as in FastForward.Host
        return start;
    }

    private async Task<string> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return await _lines.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            await Ended.WaitAsync(cancellation).ConfigureAwait(false);
            throw new BenchmarkFailure(DescribeEnd()!);
        }
    }

    private void Take(string? line)
    {
        if (line is null)
            _lines.Writer.TryComplete();
        else
            _lines.Writer.TryWrite(line);
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_errors)
            _errors.Add(line);
    }
}
