using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>The handshake: INIT, RESPONSE, CONFIRM.</content>
internal sealed partial class SessionPath
{
    private long _initDue;
    private long _initInterval;
    private uint _initTimestamp;
    private bool _responsePending;
    private bool _confirmPending;
    private Reject? _refusal; // of the RESPONSE

    /// <summary>A path that this node initiates, over a link that was just opened.</summary>
    public static SessionPath Initiate(
        Peer peer,
        TransportKind kind,
        LinkTraits traits,
        in LinkSource source,
        uint localIndex,
        object link,
        long now,
        uint keyId = 0
    ) =>
        new(peer, kind, traits, source, localIndex, link, now, PathPhase.Initiating)
        {
            IsInitiator = true,
            KeyId = keyId,
        };

    /// <summary>A path that answers an INIT.</summary>
    public static SessionPath Answer(
        Peer peer,
        TransportKind kind,
        LinkTraits traits,
        in LinkSource source,
        uint localIndex,
        object link,
        long now,
        in Handshake init,
        uint epoch,
        KeyExchange? exchange = null
    )
    {
        SessionPath path = new(peer, kind, traits, source, localIndex, link, now, PathPhase.Answering)
        {
            KeyId = init.KeyId,
            RemoteIndex = init.SenderIndex,
            PeerIncarnation = init.Incarnation,
            PeerCapabilities = init.Capabilities,
            PeerProbeMillis = init.ProbeMillis,
            Epoch = epoch,
            _initTimestamp = init.Timestamp,
            _responsePending = true,
            _exchange = exchange,
        };
        if (exchange is not null)
            path.SetKeys(exchange);
        return path;
    }

    /// <summary>
    /// The INIT that this path answers was repeated, because the RESPONSE was lost or late: it is sent again.
    /// </summary>
    public void RepeatAnswer(uint timestamp)
    {
        if (Phase is not (PathPhase.Answering or PathPhase.Established) || IsInitiator)
            return;
        _initTimestamp = timestamp;
        _responsePending = Phase == PathPhase.Answering;
    }

    private int WriteInit(long now, Span<byte> frame)
    {
        _initDue = now + _initInterval + Peer.Random.Jitter(_initInterval / 4);
        _initInterval = Math.Min(_initInterval * 2, _options.InitRetryLimit);
        Epoch = Peer.ProposedEpoch;
        return WriteHandshake(now, FrameType.Init, (uint)now, frame);
    }

    private int WriteHandshake(long now, FrameType type, uint timestamp, Span<byte> frame)
    {
        Handshake handshake = new()
        {
            Type = type,
            KeyId = KeyId,
            ReceiverIndex = RemoteIndex,
            SenderIndex = LocalIndex,
            From = _options.Node,
            To = Peer.Node,
            Incarnation = _options.Incarnation,
            PeerIncarnation = type == FrameType.Init ? Peer.Association.PeerIncarnation : PeerIncarnation,
            Capabilities = _options.Capabilities,
            Epoch = Epoch,
            Timestamp = timestamp,
            ProbeMillis = (ushort)(_options.ProbeInterval / 1_000),
        };
        handshake.Write(frame);
        int length = WriteBlock(handshake, frame);
        if (length == 0)
            Finish(now, "its key was removed");
        return length;
    }

    private int WriteRefusal(long now, in Reject refusal, Span<byte> frame)
    {
        refusal.Write(frame);
        Finish(now, $"this node refused the handshake: {refusal.Reason}");
        return WireFormat.Reject;
    }

    private void ReadHandshake(long now, in Handshake handshake, ReadOnlySpan<byte> frame)
    {
        bool isForThisPath =
            handshake.From == Peer.Node
            && handshake.To == _options.Node
            && (
                handshake.Type == FrameType.Init
                || (handshake.ReceiverIndex == LocalIndex && handshake.PeerIncarnation == _options.Incarnation)
            );
        if (!isForThisPath)
        {
            _statistics.Malformed();
            return;
        }

        if (!IsAuthentic(handshake, frame, out CryptoBlock block))
            return;
        if (handshake.Generation != 0)
        {
            ReadRenewal(now, handshake, block);
            return;
        }

        switch (handshake.Type)
        {
            case FrameType.Init when handshake.SenderIndex == RemoteIndex && handshake.Incarnation == PeerIncarnation:
                RepeatAnswer(handshake.Timestamp);
                break;
            case FrameType.Response when Phase == PathPhase.Initiating && _refusal is null:
                OnResponse(now, handshake, block);
                break;
            case FrameType.Response
                when Phase is PathPhase.Established or PathPhase.Validating
                    && IsInitiator
                    && handshake.SenderIndex == RemoteIndex:
                _confirmPending = true; // the CONFIRM was lost
                break;
            case FrameType.Confirm
                when Phase == PathPhase.Answering
                    && handshake.SenderIndex == RemoteIndex
                    && handshake.Incarnation == PeerIncarnation
                    && IsConfirmation(block):
                Confirmed(now);
                break;
        }
    }

    private void OnResponse(long now, in Handshake response, in CryptoBlock block)
    {
        if (!TryTakeResponse(block))
            return;
        if (Peer.EvaluateClaim(now, response.Incarnation, response.Epoch, Kind, Identity) != ClaimDecision.Admit)
            return; // INIT is repeated, and the challenge has ended by its RESPONSE
        if (Compatibility.FindReason(response, _options.Capabilities) is { } incompatible)
        {
            _refusal = Reject.Of(response, incompatible, _options.Capabilities);
            Peer.OnRefused(this, response, incompatible);
            return;
        }

        RemoteIndex = response.SenderIndex;
        PeerIncarnation = response.Incarnation;
        PeerCapabilities = response.Capabilities;
        PeerProbeMillis = response.ProbeMillis;
        Epoch = response.Epoch;
        Measurement.AddRoundTrip((int)((uint)now - response.Timestamp)); // unverified: negative values are ignored
        _confirmPending = true;
        OnHandshakeCompleted(now);
    }

    // Between INIT and CONFIRM another process may have connected with the same node id. It is not replaced.
    private void Confirmed(long now)
    {
        if (Peer.EvaluateClaim(now, PeerIncarnation, Epoch, Kind, Identity) == ClaimDecision.Admit)
            OnHandshakeCompleted(now);
        else
            Finish(now, "another process uses the node id");
    }

    private void OnHandshakeCompleted(long now)
    {
        if (Peer.NeedsProof(this))
            Validate(now);
        else
            Establish(now);
    }

    private void Establish(long now)
    {
        Phase = PathPhase.Established;
        LastRealTime = now;
        StartKeys(now);
        Prober.Start(now, PathProber.Agree(_options.ProbeInterval, PeerProbeMillis));
        Size?.Start();
        Peer.OnEstablished(this, now);
    }
}
