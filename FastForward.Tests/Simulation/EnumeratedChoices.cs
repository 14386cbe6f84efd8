namespace FastForward.Tests.Simulation;

/// <summary>
/// Every combination of decisions of a small world, one after the other: each chance is taken and not taken, as long
/// as no more than a number of them are taken in one world. All other decisions are the harmless ones.
/// </summary>
internal sealed class EnumeratedChoices(int most) : IChoices
{
    private readonly List<bool> _taken = [];
    private int _next;
    private int _faults;

    public long Below(in ChoicePoint point, long limit) => 0;

    public long Chance(in ChoicePoint point, double probability)
    {
        if (_faults == most)
            return 0;
        if (_next == _taken.Count)
            _taken.Add(false);
        bool isTaken = _taken[_next++];
        _faults += isTaken ? 1 : 0;
        return isTaken ? 1 : 0;
    }

    /// <summary>Prepares the next combination.</summary>
    /// <returns>False when there is none.</returns>
    public bool Advance()
    {
        _taken.RemoveRange(_next, _taken.Count - _next);
        while (_taken.Count > 0 && _taken[^1])
            _taken.RemoveAt(_taken.Count - 1);
        if (_taken.Count == 0)
            return false;
        _taken[^1] = true;
        _next = 0;
        _faults = 0;
        return true;
    }
}
