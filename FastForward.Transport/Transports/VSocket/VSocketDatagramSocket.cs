using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Datagrams;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>The datagram socket of a <see cref="VSocketDatagramPort"/>.</summary>
internal sealed class VSocketDatagramSocket(
    Descriptor descriptor,
    VSocketEndPoint local,
    int maxFrameSize,
    VSocketTransportStatistics statistics
) : DatagramSocket(descriptor, maxFrameSize, statistics)
{
    public override EndPoint LocalEndPoint => local;

    // Errors include a full queue at the destination machine (VMCI): waiting for it would block all other links.
    protected override bool SendFailed(bool repeated)
    {
        statistics.Datagrams.SendFailed();
        return false;
    }
}
