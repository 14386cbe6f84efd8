using System.Globalization;
using System.Text;

namespace FastForward.Host;

/// <summary>
/// Text from outside (files, hosts, peers, the command line) in a form that a terminal only displays: control and
/// escape characters, and those that have no width or change the direction of writing, appear by their code points.
/// </summary>
internal static class VisibleText
{
    /// <summary>The text with invisible characters as <c>\u001B</c>; the same object when there are none.</summary>
    public static string Of(string text)
    {
        StringBuilder? visible = null;
        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            // A lone surrogate is enumerated as the replacement character.
            bool isWhole = rune != Rune.ReplacementChar || text[position] == '\uFFFD';
            if (isWhole && !IsInvisible(rune))
                visible?.Append(rune);
            else
                (visible ??= new StringBuilder(text, 0, position, text.Length + 8)).Append(
                    CultureInfo.InvariantCulture,
                    $"\\u{(isWhole ? rune.Value : text[position]):X4}"
                );
            position += isWhole ? rune.Utf16SequenceLength : 1;
        }

        return visible?.ToString() ?? text;
    }

    /// <summary>Whether a character is a control, a format character, or blank without being a space.</summary>
    public static bool IsInvisible(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
        || rune.Value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x2800 or 0x3164 or 0xFFA0 // blank letters
        || rune.Value is (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF); // variation selectors
}
