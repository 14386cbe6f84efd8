using System.Globalization;

namespace FastForward.Host.Control;

/// <summary>The file of a node's control socket.</summary>
internal static class ControlPath
{
    /// <summary>The pattern of the file names.</summary>
    public const string Pattern = "FastForward.*.control";

    /// <summary>
    /// The file of a node. It is named after the node, so that no second process on the machine has its id.
    /// </summary>
    public static string Of(string directory, uint node) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"FastForward.{node}.control"));
}
