namespace FastForward.Transport.Interop;

/// <summary>
/// The native memory of one datagram: control messages at 0, socket address, struct iovec, and the frame, which begins
/// on a cache line of its own.
/// </summary>
internal static class DatagramSlot
{
    /// <summary>
    /// Room for control messages. On the way out: struct in6_pktinfo (CMSG_SPACE 40) and the traffic class (an int,
    /// 24). On the way in: in6_pktinfo and the segment length (UDP_GRO, an int), or, for an IPv4 datagram at a socket
    /// of both families, in6_pktinfo, in_pktinfo (32) and the TTL (an int).
    /// </summary>
    public const int ControlCapacity = 96;

    /// <summary>Room for struct sockaddr_in6 (28 bytes), which is the longest of the addresses used.</summary>
    public const int AddressCapacity = 32;

    public const int AddressOffset = ControlCapacity;
    public const int VectorOffset = AddressOffset + AddressCapacity;
    public const int FrameOffset = 192;

    /// <summary>The bytes of a slot for frames of up to <paramref name="frameSize"/> bytes.</summary>
    public static int Stride(int frameSize) => FrameOffset + ((frameSize + 63) & ~63);
}
