using FastForward.Transport.Interop;

namespace FastForward.Transport;

/// <summary>The datagram socket of a <see cref="VSocketDatagramPort"/>.</summary>
internal sealed class VSocketDatagramSocket(Descriptor descriptor, int maxFrameSize, VSocketTransportStatistics statistics)
    : SharedSocket(descriptor, maxFrameSize, statistics)
{
    // VMCI has no room in the far machine's queue, and says so in another way than sockets that have a buffer of their own.
    protected override bool IsFull(int error) => error is Errno.EAGAIN or Errno.ENOBUFS;

    protected override bool Failed(bool repeated)
    {
        statistics.SendFailed();
        return false;
    }
}
