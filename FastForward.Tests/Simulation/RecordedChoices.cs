namespace FastForward.Tests.Simulation;

/// <summary>Writes down the decisions of a world that are not the harmless ones.</summary>
internal sealed class RecordedChoices(IChoices choices) : IChoices
{
    private readonly List<(ChoicePoint Point, long Value)> _trace = [];

    /// <summary>In the order in which they were taken.</summary>
    public IReadOnlyList<(ChoicePoint Point, long Value)> Trace => _trace;

    public long Below(in ChoicePoint point, long limit) => Record(point, choices.Below(point, limit));

    public long Chance(in ChoicePoint point, double probability) => Record(point, choices.Chance(point, probability));

    private long Record(in ChoicePoint point, long value)
    {
        if (value != 0)
            _trace.Add((point, value));
        return value;
    }
}
