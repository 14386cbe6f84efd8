using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>Where the frames of a link come from.</summary>
internal static class LinkPlaces
{
    public static LinkSource SourceOf(IForwardLink link)
    {
        EndPoint remote = link.RemoteEndPoint is RdmaEndPoint rdma
            ? (EndPoint?)rdma.ToIPEndPoint() ?? rdma
            : link.RemoteEndPoint;
        return LinkSource.Of(link.Traits, remote);
    }
}
