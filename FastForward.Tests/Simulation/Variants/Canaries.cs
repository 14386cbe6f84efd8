namespace FastForward.Tests.Simulation.Variants;

/// <summary>Planted defects.</summary>
internal static class Canaries
{
    private const string Session = "FastForward.Transport/Session/";

    public static IReadOnlyList<Canary> All { get; } =
    [
        new(
            "replay window off by one",
            new Substitution(Session + "ReplayWindow.cs", "Next - number > Size)", "Next - number > Size + 1)")
        ),
        new(
            "acknowledgement of a packet that was not seen",
            new Substitution(
                Session + "Recovery/AckSchedule.cs",
                "received.Next - number <= ReplayWindow.Size && received.Contains(number)",
                "(received.Next - number > ReplayWindow.Size || received.Contains(number))"
            )
        ),
    ];
}
