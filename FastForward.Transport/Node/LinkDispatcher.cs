using FastForward.Transport.Loop;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>Dispatches the events of the transports to the path or connector of the link.</summary>
internal sealed class LinkDispatcher : ILinkSink
{
    private readonly ForwardLoop _loop;
    private readonly Peers _peers;
    private readonly EventQueue _events;
    private readonly NodeStatistics _statistics;
    private readonly UnclaimedLinks _unclaimed;

    public LinkDispatcher(
        ForwardLoop loop,
        Peers peers,
        EventQueue events,
        NodeStatistics statistics,
        SessionOptions options
    )
    {
        _loop = loop;
        _peers = peers;
        _events = events;
        _statistics = statistics;
        _unclaimed = new UnclaimedLinks(loop, options.HandshakeTimeout);
    }

    public void Opened(IForwardLink link)
    {
        if (link.Owner is PathConnector connector)
        {
            connector.OnOpened(link);
            return;
        }

        if (!link.IsInbound)
        {
            link.Close();
            return;
        }

        _unclaimed.Add(link);
    }

    public void Frame(IForwardLink link, Span<byte> frame)
    {
        if (link.Owner is SessionPath path)
        {
            path.Peer.Statistics.FrameReceived();
            path.ReadFrame(_loop.NowMicros, frame);
        }
        else
        {
            _statistics.FramesReceived++;
            if (_unclaimed.Contains(link))
                ReadFirstFrame(link, frame);
        }

        _events.DispatchBacklog();
    }

    public void BatchEnd(IForwardTransport transport) { }

    public void Writable(IForwardLink link)
    {
        if (link.Owner is not SessionPath path)
            return;
        path.IsBlocked = false;
        path.Peer.Driver.OnPending();
    }

    public void Closed(IForwardLink link, LinkClosure closure)
    {
        _unclaimed.Remove(link);
        switch (link.Owner)
        {
            case SessionPath path:
                path.Finish(_loop.NowMicros, closure.ToString());
                break;
            case PathConnector connector:
                connector.OnConnectFailed(link, closure);
                break;
        }

        link.Owner = null;
    }

    public void Moved(IForwardLink link, in StrangerSource source, Span<byte> frame)
    {
        if (link.Owner is not SessionPath path)
        {
            _statistics.StrangerFrames++;
            return;
        }

        LinkSource place = source.ToLinkSource();
        Span<byte> challenge = stackalloc byte[SessionPath.LongestMoveChallenge];
        long now = _loop.NowMicros;
        switch (_peers.EvaluateMove(now, path, source.IsLoopback, place, frame, challenge, out int length))
        {
            case MoveDecision.Challenge:
                link.Transport.TryAnswer(source, challenge[..length]);
                path.Peer.Statistics.FrameSent();
                break;
            case MoveDecision.Follow:
                link.Rebind(source);
                path.Peer.Statistics.FrameReceived();
                path.Follow(now, place, frame);
                break;
        }

        _events.DispatchBacklog();
    }

    public void Stranger(IForwardTransport transport, in StrangerSource source, Span<byte> frame)
    {
        _statistics.StrangerFrames++;
        // Rejects nearly all unrelated datagrams before the handshake is parsed.
        if (!Handshake.TryReadInit(frame, out Handshake init))
            return;
        LinkSource place = source.ToLinkSource();
        InitArrival arrival = new(transport.Kind, source.IsLoopback, place);
        Span<byte> answer = stackalloc byte[Peers.LongestAnswer];
        switch (
            _peers.Evaluate(_loop.NowMicros, init, frame, arrival, answer, out int length, out KeyExchange? exchange)
        )
        {
            case InitDecision.Accept:
                IForwardLink link = transport.Adopt(source);
                Claim(link, init, place, exchange);
                break;
            case InitDecision.Reject or InitDecision.Cookie:
                transport.TryAnswer(source, answer[..length]);
                break;
        }
    }

    // The first frame of an accepted connection must be an acceptable INIT.
    private void ReadFirstFrame(IForwardLink link, Span<byte> frame)
    {
        if (!Handshake.TryReadInit(frame, out Handshake init))
        {
            _statistics.MalformedFrames++;
            link.Close();
            return;
        }

        LinkSource place = LinkPlaces.SourceOf(link);
        InitArrival arrival = new(link.Transport.Kind, link.Traits.HostLocal, place);
        Span<byte> answer = stackalloc byte[Peers.LongestAnswer];
        switch (
            _peers.Evaluate(_loop.NowMicros, init, frame, arrival, answer, out int length, out KeyExchange? exchange)
        )
        {
            case InitDecision.Accept:
                Claim(link, init, place, exchange);
                break;
            case InitDecision.Cookie:
                Write(link, answer[..length]);
                break;
            case InitDecision.Reject:
                Write(link, answer[..length]);
                link.Close();
                break;
            case InitDecision.Drop:
                link.Close();
                break;
        }
    }

    private static void Write(IForwardLink link, ReadOnlySpan<byte> answer)
    {
        if (link.TryClaim(answer.Length, out Span<byte> frame) != ClaimResult.Claimed)
            return;
        answer.CopyTo(frame);
        link.Commit(answer.Length, realTime: false);
    }

    private void Claim(IForwardLink link, in Handshake init, in LinkSource source, KeyExchange? exchange)
    {
        SessionPath path = _peers.Answer(
            _loop.NowMicros,
            init,
            link.Transport.Kind,
            link.Traits,
            source,
            link.Index,
            link,
            exchange
        );
        link.Owner = path;
        _unclaimed.Remove(link);
    }
}
