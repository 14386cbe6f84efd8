using System.Globalization;
using System.Text;
using FastForward.Transport.Interop;

namespace FastForward.Host.Control;

/// <summary>The file of a node's control socket.</summary>
internal static class ControlPath
{
    /// <summary>What the names of all of them match.</summary>
    public const string Pattern = "FastForward.*.control";

    /// <summary>The file of a node. The name is that of the node, so no second process on the machine runs with its id.</summary>
    public static string Of(string directory, uint node) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"FastForward.{node}.control"));

    /// <summary>The address of a UNIX socket holds it.</summary>
    public static bool Fits(string path) => Encoding.UTF8.GetByteCount(path) < LibC.UnixPathCapacity;
}
