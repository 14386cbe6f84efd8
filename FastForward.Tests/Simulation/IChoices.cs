namespace FastForward.Tests.Simulation;

/// <summary>
/// Takes every decision of a simulated world: what is lost, what is sent, when, in which order. Each belongs to a
/// named stream and has a place in it, so that a change of one stream leaves the decisions of the others alone. The
/// answer 0 is always the harmless one: nothing is lost, nothing happens, no time passes.
/// </summary>
internal interface IChoices
{
    /// <summary>A number from 0 to below the limit, which is at least 2.</summary>
    long Below(in ChoicePoint point, long limit);

    /// <summary>1 with a probability, otherwise 0.</summary>
    long Chance(in ChoicePoint point, double probability);
}

/// <summary>The place of a decision.</summary>
/// <param name="Stream">The stream it belongs to.</param>
/// <param name="Index">How many decisions of the stream were taken before.</param>
internal readonly record struct ChoicePoint(string Stream, int Index);
