using System.Globalization;
using System.Text;

namespace FastForward.Transport.Addressing;

/// <summary>Rules common to the addresses of all media: the port number, and how input is quoted in messages.</summary>
internal static class AddressText
{
    private const int LongestQuote = 64;

    /// <summary>Describes what is wrong with a port number; null when it is valid.</summary>
    public static string? CheckPort(int port) =>
        port is >= 1 and <= 65_535
            ? null
            : $"port {port.ToString(CultureInfo.InvariantCulture)} is outside 1..65535; write for example 54000";

    /// <summary>
    /// Quotes untrusted text for one line of a log: everything but printable ASCII is escaped, and text over 64
    /// characters is cut.
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

    /// <summary>Whether the text is one or more decimal digits.</summary>
    public static bool IsDigits(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9');
}
