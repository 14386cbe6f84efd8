using System.Buffers;

namespace FastForward.Transport.Addressing;

/// <summary>
/// The form of a host name: RFC 1123, section 2.1 (labels of letters, digits and inner hyphens, 63 bytes a label), with
/// the whole limited to 253 characters (RFC 1035, section 2.3.4, in text form).
/// </summary>
internal static class HostName
{
    private const int LongestName = 253;
    private const int LongestLabel = 63;

    private static readonly SearchValues<char> s_labelCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
    );

    /// <summary>Whether the name is well-formed; a final dot (the root) is allowed.</summary>
    /// <remarks>
    /// The last label must not be a number, decimal or hexadecimal (0x): RFC 1123 tells names from dotted addresses by
    /// it, and resolvers read such text as an address in one of the notations of inet_aton(3).
    /// </remarks>
    public static bool IsValid(ReadOnlySpan<char> name)
    {
        if (name.EndsWith('.'))
            name = name[..^1];
        if (name.IsEmpty || name.Length > LongestName)
            return false;
        ReadOnlySpan<char> label = default;
        foreach (Range range in name.Split('.'))
        {
            label = name[range];
            if (label.IsEmpty || label.Length > LongestLabel || label[0] == '-' || label[^1] == '-')
                return false;
            if (label.ContainsAnyExcept(s_labelCharacters))
                return false;
        }

        return !AddressText.IsDigits(label) && !IsHexNumber(label);
    }

    private static bool IsHexNumber(ReadOnlySpan<char> label)
    {
        if (!label.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return false;
        foreach (char digit in label[2..])
        {
            if (!char.IsAsciiHexDigit(digit))
                return false;
        }

        return true;
    }
}
