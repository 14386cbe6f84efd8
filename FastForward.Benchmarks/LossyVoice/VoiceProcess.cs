using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using FastForward.Benchmarks.CrossProcess;
using FastForward.Benchmarks.CrossProcess.Contestants;
using FastForward.Benchmarks.CrossProcess.Processes;

namespace FastForward.Benchmarks.LossyVoice;

/// <summary>One child process of a round. Disposing ends it.</summary>
internal sealed class VoiceProcess : IDisposable
{
    private static readonly TimeSpan s_exitLimit = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private VoiceProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new BenchmarkFailure($"{start.FileName} cannot be started: {exception.Message}");
        }

        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts a node, or SRT when its program is given.</summary>
    public static VoiceProcess Start(VoicePlan plan, CProgram? srt) =>
        new(srt is null ? NodeCommand(plan) : new ProcessStartInfo(srt.Path, SrtArguments(plan)));

    /// <summary>Reads the next line, which begins with a word.</summary>
    /// <returns>The words after it.</returns>
    public async Task<string[]> ExpectAsync(string word, CancellationToken cancellation)
    {
        string[] words = (await ReadAsync(cancellation).ConfigureAwait(false)).Split(' ');
        return words[0] == word
            ? words[1..]
            : throw new BenchmarkFailure($"'{string.Join(' ', words)}' was printed where '{word}' was expected");
    }

    /// <summary>Reads the stalls of the process.</summary>
    public async Task<Stalls> ReadStallsAsync(CancellationToken cancellation) =>
        (await ReadLogAsync(cancellation).ConfigureAwait(false)).Stalls;

    /// <summary>Asks the server for all that was delivered to it, and its stalls.</summary>
    public async Task<(IReadOnlyList<Delivery> Deliveries, Stalls Stalls)> ReadDeliveriesAsync(
        CancellationToken cancellation
    )
    {
        try
        {
            await _process.StandardInput.WriteAsync("g".AsMemory(), cancellation).ConfigureAwait(false);
            await _process.StandardInput.FlushAsync(cancellation).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The process has exited; reading the next line reports why.
        }

        return await ReadLogAsync(cancellation).ConfigureAwait(false);
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

    private async Task<(IReadOnlyList<Delivery> Deliveries, Stalls Stalls)> ReadLogAsync(CancellationToken cancellation)
    {
        List<Delivery> deliveries = [];
        Stalls stalls = new();
        while (true)
        {
            string[] words = (await ReadAsync(cancellation).ConfigureAwait(false)).Split(' ');
            if (words[0] == "end")
                return (deliveries, stalls);
            long[] numbers = [.. words.Skip(words[0] == "stall" ? 1 : 0).Select(SideProcess.Number)];
            if (numbers.Length == 2)
                stalls.Add(numbers[0], numbers[1]);
            else
                deliveries.Add(new Delivery((int)numbers[0], numbers[1], numbers[2], numbers[3]));
        }
    }

    private static ProcessStartInfo NodeCommand(VoicePlan plan)
    {
        string program = Environment.ProcessPath ?? throw new BenchmarkFailure("the path of this process is unknown");
        bool throughDotnet = Path.GetFileNameWithoutExtension(program)
            .Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        string[] command = [LossyVoiceCommand.Side, plan.ToJson()];
        ProcessStartInfo start = new(
            program,
            throughDotnet ? [Environment.GetCommandLineArgs()[0], .. command] : command
        );
        start.Environment["DOTNET_gcConcurrent"] = "0"; // as in FastForward.Host
        return start;
    }

    private static IEnumerable<string> SrtArguments(VoicePlan plan) =>
        plan.IsClient
            ?
            [
                "client",
                Text(plan.OwnPort),
                Text(plan.PeerPort),
                Text(plan.BudgetMillis),
                Text(plan.Size),
                Text(VoicePlan.PeriodMicros),
                Text(plan.DurationMicros),
                string.Join(',', plan.PhaseMicros.Select(Text)),
            ]
            : ["server", Text(plan.OwnPort), Text(plan.BudgetMillis)];

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(int value) => Text((long)value);

    private async Task<string> ReadAsync(CancellationToken cancellation)
    {
        if (await _process.StandardOutput.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
            return line;
        await _process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        string errors = (await _errors.ConfigureAwait(false)).Trim();
        throw new BenchmarkFailure($"a process ended with code {_process.ExitCode}: {errors}");
    }
}
