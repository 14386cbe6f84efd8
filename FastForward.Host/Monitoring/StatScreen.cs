using System.Text;

namespace FastForward.Host.Monitoring;

/// <summary>Shows tables: in a terminal each in the place of the one before, elsewhere one after the other.</summary>
internal sealed class StatScreen(TextWriter output, bool isTerminal)
{
    private const string Home = "\e[H";
    private const string EndOfLine = "\e[K";
    private const string EndOfScreen = "\e[J";

    private bool _isFirst = true;

    public void Show(IReadOnlyList<string> lines, int height)
    {
        StringBuilder text = new();
        if (isTerminal)
        {
            text.Append(_isFirst ? Home + EndOfScreen : Home);
            // One line less than there are: the cursor rests on the last one.
            int shown = Math.Max(Math.Min(lines.Count, height - 1), 1);
            for (int i = 0; i < shown; i++)
            {
                string line =
                    i == shown - 1 && shown < lines.Count
                        ? $"({lines.Count - i} more lines: make the terminal higher, or use --once)"
                        : lines[i];
                text.Append(line).Append(EndOfLine).Append('\n');
            }

            text.Append(EndOfScreen);
        }
        else
        {
            if (!_isFirst)
                text.Append('\n');
            foreach (string line in lines)
                text.Append(line).Append('\n');
        }

        _isFirst = false;
        output.Write(text);
        output.Flush();
    }
}
