using Spectre.Console;

namespace FastForward.Host.Screens;

/// <summary>What colours mean.</summary>
internal static class Styles
{
    public static Style Plain { get; } = Style.Plain;

    public static Style Good { get; } = new(Color.Green);

    public static Style Doubtful { get; } = new(Color.Yellow);

    public static Style Bad { get; } = new(Color.Red, decoration: Decoration.Bold);

    public static Style Minor { get; } = new(Color.Grey);
}
