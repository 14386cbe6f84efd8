using Spectre.Console;
using Spectre.Console.Rendering;

namespace FastForward.Host.Screens;

/// <summary>Turns tables into lines, with the same result wherever the same width is given.</summary>
internal static class Screen
{
    /// <summary>The width where the output is no terminal.</summary>
    public const int PlainWidth = 100;

    /// <summary>The columns of the standard output.</summary>
    public static int OutputWidth =>
        Console.IsOutputRedirected || Console.WindowWidth <= 0 ? PlainWidth : Console.WindowWidth;

    /// <summary>Whether the standard output is a terminal that wants colours (no-color.org).</summary>
    public static bool OutputHasColors =>
        !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>The lines of <paramref name="content"/>, none longer than <paramref name="width"/> columns.</summary>
    public static IReadOnlyList<string> Lines(IRenderable content, int width, bool colors)
    {
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = colors ? AnsiSupport.Yes : AnsiSupport.No,
                ColorSystem = colors ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
                Out = new AnsiConsoleOutput(text),
            }
        );
        console.Profile.Width = Math.Max(width, 1);
        console.Profile.Capabilities.Unicode = true;
        console.Write(content);
        return [.. text.ToString().TrimEnd('\n').Split('\n').Select(static line => line.TrimEnd())];
    }
}
