namespace FastForward.Benchmarks.LossyVoice;

/// <summary>The parsed command line.</summary>
internal sealed record LossyVoiceSettings
{
    public required IReadOnlyList<string> Profiles { get; init; }

    public required IReadOnlyList<int> Budgets { get; init; }

    public required int Seeds { get; init; }

    public required int FirstSeed { get; init; }

    public required double Seconds { get; init; }

    public required double WarmUpSeconds { get; init; }

    public required int Streams { get; init; }

    public required int Size { get; init; }
}
