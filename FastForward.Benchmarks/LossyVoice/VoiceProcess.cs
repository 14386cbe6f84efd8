using System.Diagnostics;
using System.Globalization;
using FastForward.Benchmarks.CrossProcess.Contestants;
using FastForward.Benchmarks.CrossProcess.Processes;

namespace FastForward.Benchmarks.LossyVoice;

/// <summary>One child process of a round. Disposing ends it.</summary>
internal sealed class VoiceProcess : IDisposable
{
    private readonly ChildProgram _program;

    private VoiceProcess(ChildProgram program) => _program = program;

    /// <summary>Starts a node, or SRT when its program is given.</summary>
    public static VoiceProcess Start(VoicePlan plan, CProgram? srt) =>
        new(
            ChildProgram.Start(
                plan.IsClient ? "client" : "server",
                srt is null
                    ? ChildProgram.OwnCommand(LossyVoiceCommand.Side, plan.ToJson())
                    : new ProcessStartInfo(srt.Path, SrtArguments(plan))
            )
        );

    /// <inheritdoc cref="ChildProgram.ExpectAsync"/>
    public Task<string[]> ExpectAsync(string word, CancellationToken cancellation) =>
        _program.ExpectAsync(word, cancellation);

    /// <summary>Reads the stalls of the process.</summary>
    public async Task<Stalls> ReadStallsAsync(CancellationToken cancellation) =>
        (await ReadLogAsync(cancellation).ConfigureAwait(false)).Stalls;

    /// <summary>Asks the server for all that was delivered to it, and its stalls.</summary>
    public Task<(IReadOnlyList<Delivery> Deliveries, Stalls Stalls)> ReadDeliveriesAsync(CancellationToken cancellation)
    {
        _program.Go();
        return ReadLogAsync(cancellation);
    }

    /// <inheritdoc cref="ChildProgram.Dispose"/>
    public void Dispose() => _program.Dispose();

    private async Task<(IReadOnlyList<Delivery> Deliveries, Stalls Stalls)> ReadLogAsync(CancellationToken cancellation)
    {
        List<Delivery> deliveries = [];
        Stalls stalls = new();
        while (true)
        {
            string[] words = (await _program.ReadAsync(cancellation).ConfigureAwait(false)).Split(' ');
            if (words[0] == "end")
                return (deliveries, stalls);
            long[] numbers = [.. words.Skip(words[0] == "stall" ? 1 : 0).Select(ChildProgram.Number)];
            if (numbers.Length == 2)
                stalls.Add(numbers[0], numbers[1]);
            else
                deliveries.Add(new Delivery((int)numbers[0], numbers[1], numbers[2], numbers[3]));
        }
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
}
