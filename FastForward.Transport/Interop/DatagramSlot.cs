namespace FastForward.Transport.Interop;

/// <summary>
/// The native memory of one datagram: control messages at 0, socket address, struct iovec, and the frame, which begins
/// on a cache line of its own.
/// </summary>
internal static class DatagramSlot
{
    /// <summary>
    /// Room for control messages: struct in6_pktinfo (CMSG_SPACE 40) and one int (24), which is the traffic class on
    /// the way out and the segment length (UDP_GRO) on the way in.
    /// </summary>
    public const int ControlCapacity = 64;

    /// <summary>Room for struct sockaddr_in6 (28 bytes), which is the longest of the addresses used.</summary>
    public const int AddressCapacity = 32;

    public const int AddressOffset = ControlCapacity;
    public const int VectorOffset = AddressOffset + AddressCapacity;
    public const int FrameOffset = 128;

    /// <summary>The bytes of a slot for frames of up to <paramref name="frameSize"/> bytes.</summary>
    public static int Stride(int frameSize) => FrameOffset + ((frameSize + 63) & ~63);
}
