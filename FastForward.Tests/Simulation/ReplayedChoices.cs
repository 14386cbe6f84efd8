namespace FastForward.Tests.Simulation;

/// <summary>Repeats recorded decisions; all others are the harmless ones.</summary>
internal sealed class ReplayedChoices(IEnumerable<(ChoicePoint Point, long Value)> trace) : IChoices
{
    private readonly Dictionary<ChoicePoint, long> _values = trace.ToDictionary(
        static decision => decision.Point,
        static decision => decision.Value
    );

    public long Below(in ChoicePoint point, long limit) => Math.Min(_values.GetValueOrDefault(point), limit - 1);

    public long Chance(in ChoicePoint point, double probability) => _values.GetValueOrDefault(point);
}
