using System.Text;

namespace FastForward.Tests.Simulation;

/// <summary>The shortest world found that fails like that of a seed, in words.</summary>
internal static class Trace
{
    private const int Attempts = 3_000;
    private const int MostLines = 200;

    public static string Of(ulong seed)
    {
        RecordedChoices recorded = new(new SeededChoices(seed));
        WorldResult whole = TinyWorld.Run(recorded);
        if (whole.Failure == WorldFailure.None)
            return $"seed {seed}: no failure";
        List<(ChoicePoint Point, long Value)> kept = Shrinker.Shrink(
            recorded.Trace,
            trace => TinyWorld.Run(new ReplayedChoices(trace)).Failure == whole.Failure,
            Attempts
        );
        List<string> events = [];
        WorldResult least = TinyWorld.Run(new ReplayedChoices(kept), events.Add);
        StringBuilder text = new();
        text.AppendLine($"seed {seed}, {whole.Failure}: {whole.Text}");
        text.AppendLine($"options: {whole.Options}");
        text.AppendLine($"{recorded.Trace.Count} decisions, of which {kept.Count} are enough for: {least.Text}");
        text.AppendLine($"options: {least.Options}");
        foreach ((ChoicePoint point, long value) in kept)
            text.AppendLine($"  {point.Stream} [{point.Index}] = {value}");
        foreach (string line in events.Take(MostLines))
            text.AppendLine($"  {line}");
        if (events.Count > MostLines)
            text.AppendLine($"  and {events.Count - MostLines} more");
        return text.ToString();
    }
}
