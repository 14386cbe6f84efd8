using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Datagrams;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>The datagram socket of a <see cref="VSocketDatagramPort"/>.</summary>
internal sealed class VSocketDatagramSocket(
    Descriptor descriptor,
    int maxFrameSize,
    VSocketTransportStatistics statistics
) : SharedSocket(descriptor, maxFrameSize, statistics)
{
    // No room in the queue of the far machine (VMCI) is one of them: one machine that does not read stops no other.
    protected override bool Failed(bool repeated)
    {
        statistics.SendFailed();
        return false;
    }
}
