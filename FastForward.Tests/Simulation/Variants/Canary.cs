namespace FastForward.Tests.Simulation.Variants;

/// <summary>A defect that the sweep of tiny worlds must find: it measures the simulation, not the session.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="Changes">How it comes into the source.</param>
internal sealed record Canary(string Name, params Substitution[] Changes)
{
    public override string ToString() => Name;
}
