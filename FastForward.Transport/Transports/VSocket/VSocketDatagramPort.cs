using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Datagrams;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>
/// The datagram socket of a <see cref="VSocketTransport"/> and the links over it. The kernel vouches for the context id
/// of a source.
/// </summary>
internal sealed class VSocketDatagramPort : DatagramPort
{
    private readonly IVSocketFamily _family;
    private readonly VSocketDatagramSocket _socket;

    public VSocketDatagramPort(
        VSocketTransport transport,
        ForwardLoop loop,
        ILinkSink sink,
        VSocketDatagramSocket socket,
        IVSocketFamily family,
        int maxFrameSize,
        ILogger logger
    )
        : base(transport, loop, sink, [socket], maxFrameSize, transport.Statistics.Datagrams, logger)
    {
        _socket = socket;
        _family = family;
    }

    public DatagramLink Connect(VSocketEndPoint remote)
    {
        DatagramLink link = NewLink(remote, inbound: false);
        Events.Opened(link);
        return link;
    }

    public DatagramLink Adopt(in StrangerSource source) =>
        _family.ReadAddress(source.Address) is { } remote
            ? NewLink(remote, inbound: true)
            : throw new ArgumentException("The source did not come from this transport.", nameof(source));

    public bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame)
    {
        VerifyRunning();
        return _socket.TrySend(frame, source.Address, default);
    }

    public override EndPoint ReadAddress(ReadOnlySpan<byte> address) => _family.ReadAddress(address)!;

    protected override StrangerSource DescribeSource(in DatagramReceiveBatch.Datagram datagram) =>
        new(datagram.Source, default, isLoopback: true, _family.ReadAddress(datagram.Source)?.Cid);

    private DatagramLink NewLink(VSocketEndPoint remote, bool inbound)
    {
        VerifyRunning();

        // Outbound links have the credentials from the start: frames from another context id never reach them.
        LinkTraits traits = Traits with
        {
            HostLocal = true,
            Credentials = new PeerCredentials { ContextId = remote.Cid },
        };
        Span<byte> address = stackalloc byte[DatagramSlot.AddressCapacity];
        address = address[.._family.WriteAddress(remote, address)];
        DatagramLink link = new(this, _socket, remote, traits, address, default, default, inbound);
        Add(link);
        return link;
    }
}
