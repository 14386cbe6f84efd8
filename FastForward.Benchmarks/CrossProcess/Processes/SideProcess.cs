using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>The parent's view of one process of a round. It never outlives this object.</summary>
internal sealed class SideProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
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

    /// <summary>The process has ended, which before its disposal is a failure.</summary>
    public Task Ended { get; }

    /// <summary>Starts a side: the floor's program, or this one again.</summary>
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
            // Such as a directory for temporary files that is mounted noexec, which stops the floor's program.
            throw new BenchmarkFailure($"{start.FileName} cannot be started: {exception.Message}");
        }
    }

    /// <summary>The CPU time used so far, in nanoseconds; null when the process is gone.</summary>
    public long? ProcessorTime() => Scheduling.ProcessorTime(_process.Id);

    /// <summary>Waits for a line that begins with <paramref name="word"/>.</summary>
    /// <returns>The words after it.</returns>
    public async Task<string[]> ExpectAsync(string word, CancellationToken cancellation)
    {
        string line = await ReadAsync(cancellation).ConfigureAwait(false);
        string[] words = line.Split(' ');
        if (words[0] != word)
            throw new BenchmarkFailure($"{Name} said '{line}' where '{word}' was expected");
        return words[1..];
    }

    /// <summary>Reads times, each with its count, up to "done".</summary>
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
                throw new BenchmarkFailure($"{Name} said '{line}' where a time and its count were expected");
            times.Add((Number(words[0]), Number(words[1])));
        }
    }

    /// <summary>Lets a waiting near side go on.</summary>
    public void Go()
    {
        try
        {
            _process.StandardInput.BaseStream.Write(s_byte);
            _process.StandardInput.BaseStream.Flush();
        }
        catch (IOException)
        {
            // It is gone; the next line that is expected of it tells why.
        }
    }

    /// <summary>Asks a managed side how many messages it has handled and how many bytes it has allocated.</summary>
    public async Task<(long Messages, long Allocated)?> MarkAsync(CancellationToken cancellation)
    {
        if (ImplementationName.IsFloor(_plan.Implementation))
            return null;
        Go();
        string[] words = await ExpectAsync("mark", cancellation).ConfigureAwait(false);
        return (Number(words[0]), Number(words[1]));
    }

    /// <summary>Ends the process.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It is gone already.
        }

        if (!_process.WaitForExit(s_patience))
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    public static long Number(string text) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new BenchmarkFailure($"'{text}' is no number");

    /// <summary>How it ended and what it said; null while it runs.</summary>
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
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // no threads and files of the debugger
        start.Environment["DOTNET_gcConcurrent"] = "0"; // as the host runs
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
