using FastForward.Transport.Interop;

namespace FastForward.Transport;

/// <summary>
/// The limit of open descriptors of this process (RLIMIT_NOFILE, getrlimit(2)). Each link over a UNIX socket or a
/// vSocket needs one, as each connected <see cref="Sockets.UdpSocket"/> does.
/// </summary>
/// <remarks>
/// The last <see cref="Reserve"/> descriptors below the limit are not given to links and connected UDP sockets, so that
/// the program can still open files, serve a control socket and stop in order. Thread-safe.
/// </remarks>
public static class OpenFileLimit
{
    /// <summary>Descriptors that are kept back; at most a quarter of the limit.</summary>
    public const int Reserve = DescriptorReserve.Size;

    /// <summary>
    /// Raises the soft limit to the hard one. Call it first in a program with many peers or clients: service managers
    /// and shells start programs with a soft limit of 1024.
    /// </summary>
    /// <returns>The limit in force, in descriptors.</returns>
    public static int Raise() => DescriptorReserve.Raise();
}
