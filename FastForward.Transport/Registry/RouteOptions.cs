using FastForward.Transport.Addressing;

namespace FastForward.Transport.Registry;

/// <summary>What rows are acceptable and how they become end points.</summary>
public sealed class RouteOptions
{
    /// <summary>
    /// The directory of the sockets <c>FastForward.&lt;port&gt;.sock</c>; an absolute path, short enough for a socket
    /// address (107 bytes in all). Default <c>/tmp</c>, the convention between nodes of one host.
    /// </summary>
    public string SocketDirectory { get; set; } = "/tmp";

    /// <summary>
    /// Accept key id 0 on a way to another machine. Default false: without a key anybody on the way can read and forge.
    /// </summary>
    public bool AllowUnkeyedNetwork { get; set; }

    internal void Validate()
    {
        if (SocketAddressText.CheckDirectory(SocketDirectory) is { } problem)
            throw new ArgumentException($"{nameof(SocketDirectory)}: {problem}.");
    }
}
