using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>
/// Opens the listening or datagram socket of a <see cref="VSocketTransport"/>, of a type that peers can connect to.
/// </summary>
internal static class VSocketListener
{
    /// <exception cref="TransportException">The port or the requested type is not available.</exception>
    public static Descriptor Open(IVSocketFamily family, VSocketTransportOptions options, out VSocketType type)
    {
        type = options.Type;
        // Since Linux 5.14 listen(2) succeeds for seqpacket even where no connection of that type can arrive.
        if (type == VSocketType.Auto)
            type = family.CarriesSeqPacket ? VSocketType.SeqPacket : VSocketType.Stream;
        int error = TryOpen(family, options, type, out Descriptor socket);
        if (error != 0 && options.Type == VSocketType.Auto && IsTypeUnsupported(error))
        {
            type = VSocketType.Stream;
            error = TryOpen(family, options, type, out socket);
        }

        return error == 0 ? socket : throw Refused(options, type, error);
    }

    private static int TryOpen(
        IVSocketFamily family,
        VSocketTransportOptions options,
        VSocketType type,
        out Descriptor socket
    )
    {
        socket = family.CreateSocket(
            type switch
            {
                VSocketType.Datagram => LibC.SOCK_DGRAM,
                VSocketType.SeqPacket => LibC.SOCK_SEQPACKET,
                _ => LibC.SOCK_STREAM,
            }
        );
        int error = socket.IsInvalid ? LibC.LastError : family.Bind(socket, options.Port);
        if (error == 0 && type != VSocketType.Datagram && LibC.Listen(socket, options.Backlog) != 0)
            error = LibC.LastError;
        if (error != 0)
            socket.Dispose();
        return error;
    }

    private static bool IsTypeUnsupported(int error) =>
        error is Errno.ESOCKTNOSUPPORT or Errno.EPROTOTYPE or Errno.EOPNOTSUPP or Errno.ENODEV;

    private static TransportException Refused(VSocketTransportOptions options, VSocketType type, int error)
    {
        string advice = error switch
        {
            Errno.EADDRINUSE => "another process has the port, with any type of socket; "
                + "find it with 'ss --vsock -lp' (module vsock_diag), or choose another port",
            Errno.EACCES or Errno.EPERM => options.Port <= 1023
                ? "ports up to 1023 need CAP_NET_BIND_SERVICE; choose a higher one"
                : "the container or service forbids it (seccomp, RestrictAddressFamilies)",
            Errno.EAFNOSUPPORT => "the kernel has no AF_VSOCK; load a vSocket transport with modprobe",
            Errno.ESOCKTNOSUPPORT
            or Errno.EPROTOTYPE
            or Errno.EOPNOTSUPP
            or Errno.ENODEV when type == VSocketType.Datagram =>
                "only VMware's VMCI has datagrams; choose the type Auto",
            Errno.ESOCKTNOSUPPORT
            or Errno.EPROTOTYPE
            or Errno.EOPNOTSUPP
            or Errno.ENODEV when type == VSocketType.SeqPacket => "seqpacket needs Linux 5.14; choose the type Stream",
            Errno.EMFILE or Errno.ENFILE =>
                "the limit of open descriptors is reached; raise it (ulimit -n, LimitNOFILE)",
            _ => "see vsock(7) for the error",
        };
        return new TransportException(
            $"vSocket port {options.Port} ({type}) cannot be listened on: {LibC.Describe(error)}: {advice}."
        );
    }
}
