using System.Globalization;
using System.Text;

namespace FastForward.Transport.Addressing;

/// <summary>What the address rules of all media share: the port, and how a foreign text is quoted in a message.</summary>
internal static class AddressText
{
    private const int LongestQuote = 64;

    /// <summary>Answers the problem with a port number; null when it is a right one.</summary>
    public static string? CheckPort(int port) =>
        port is >= 1 and <= 65_535
            ? null
            : $"port {port.ToString(CultureInfo.InvariantCulture)} is outside 1..65535; write for example 54000";

    /// <summary>
    /// A text from outside in quotes, fit for one line of a log: control characters and whatever is not ASCII are
    /// escaped, a long text is cut.
    /// </summary>
    public static string Quote(ReadOnlySpan<char> text)
    {
        StringBuilder quoted = new("\"");
        foreach (char character in text[..Math.Min(text.Length, LongestQuote)])
        {
            if (character is >= ' ' and <= '~' and not '"' and not '\\')
                quoted.Append(character);
            else
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
        }

        quoted.Append('"');
        if (text.Length > LongestQuote)
            quoted.Append(CultureInfo.InvariantCulture, $"... ({text.Length} characters)");
        return quoted.ToString();
    }

    /// <summary>Decimal digits only, at least one.</summary>
    public static bool IsDigits(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9');
}
