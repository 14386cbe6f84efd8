using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FastForward.Transport.Addressing;

/// <summary>
/// The address of a route over a UNIX domain socket: empty, since the port alone names the socket,
/// <c>FastForward.&lt;port&gt;.sock</c> in a directory that the nodes of a host agree on.
/// </summary>
internal static class SocketAddressText
{
    // sun_path of struct sockaddr_un has 108 bytes, the last one 0 (unix(7)).
    private const int LongestPath = 107;

    /// <summary>The path of the socket of the node with this port.</summary>
    public static string PathOf(string directory, int port) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"FastForward.{port}.sock"));

    /// <summary>Describes what is wrong with a directory for sockets; null when it is valid for every port.</summary>
    public static string? CheckDirectory([NotNull] string? directory)
    {
        directory ??= string.Empty;
        if (!directory.StartsWith('/'))
            return $"socket directory {AddressText.Quote(directory)} is not an absolute path; "
                + "write for example /tmp or /run/fastforward";
        if (directory.Contains('\0', StringComparison.Ordinal))
            return $"socket directory {AddressText.Quote(directory)} contains a NUL character; write for example /tmp";
        int length = Encoding.UTF8.GetByteCount(PathOf(directory, 65_535));
        return length <= LongestPath
            ? null
            : $"socket directory {AddressText.Quote(directory)} makes a socket path of {length} bytes, "
                + $"and a socket address holds {LongestPath}; write for example /tmp";
    }

    /// <summary>Reads the address of a route. Never throws, whatever the text.</summary>
    /// <param name="text">The address as written; must be empty.</param>
    /// <param name="port">The port, 1..65535.</param>
    /// <param name="directory">The directory of the sockets.</param>
    /// <param name="endPoint">The end point; null when there is a problem.</param>
    /// <param name="problem">
    /// The field, what is wrong with it, and a valid example; null when the address is valid.
    /// </param>
    public static bool TryParse(string? text, int port, string directory, out EndPoint? endPoint, out string? problem)
    {
        endPoint = null;
        problem = AddressText.CheckPort(port) ?? CheckEmpty(text, port) ?? CheckDirectory(directory);
        if (problem is not null)
            return false;
        endPoint = new UnixDomainSocketEndPoint(PathOf(directory, port));
        return true;
    }

    private static string? CheckEmpty(string? text, int port) =>
        string.IsNullOrEmpty(text)
            ? null
            : $"address {AddressText.Quote(text)} must be empty, since the port alone names a socket; "
                + $"write for example \"\" for {PathOf("/tmp", port)}";
}
