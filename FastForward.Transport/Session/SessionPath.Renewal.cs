using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>
/// The renewal of the keys of sealed frames: another handshake on the path, begun by its initiator, with the next
/// generation. Packet numbers, round trip and everything else continue. The responder uses the new keys from the first
/// frame on that the peer has sealed with them: nothing is replaced by a frame that may be a repetition of an old one.
/// </content>
internal sealed partial class SessionPath
{
    // Keys are used for no more than this many times what makes them due for renewal; of the time, half as many.
    private const ulong FramesLimit = 4;
    private const long TimeLimit = 3;

    private KeyExchange? _renewal;
    private bool _renewalAnswerPending;
    private long _renewalDue = long.MaxValue;
    private long _renewalInterval;
    private int _replacements; // of the keys, as far as they are noticed
    private long _keysSince;
    private ulong _sentBefore; // the first packet number of the current keys
    private ulong _receivedBefore;
    private long _formerUntil = long.MaxValue;

    /// <summary>How often the keys of its frames were replaced.</summary>
    public int KeyReplacements => _replacements;

    private long KeysDue =>
        _sealed is null
            ? long.MaxValue
            : Math.Min(Math.Min(IsBlocked ? long.MaxValue : _renewalDue, _formerUntil), KeysEnd);

    private long KeysEnd => _keysSince + (_options.RekeyAfter * TimeLimit / 2);

    private bool HasRenewalOutput(long now) => _renewalAnswerPending || now >= _renewalDue;

    private byte NextGeneration =>
        (byte)(_sealed!.Current.Generation == byte.MaxValue ? 1 : _sealed.Current.Generation + 1);

    private void StartKeys(long now)
    {
        if (_sealed is null)
            return;
        _keysSince = now;
        _renewalDue = IsInitiator ? now + _options.RekeyAfter : long.MaxValue;
        _renewalInterval = _options.InitRetry;
    }

    private void OnKeysDue(long now)
    {
        if (_sealed is null)
            return;
        if (now >= _formerUntil)
        {
            _formerUntil = long.MaxValue;
            _sealed.ForgetFormer();
        }

        if (now >= KeysEnd)
            Finish(now, "its keys were not renewed in time");
    }

    // After each sealed frame that was sent or has arrived.
    private void CountUse(long now)
    {
        if (_sealed is null)
            return;
        if (_sealed.Replacements != _replacements)
            OnKeysReplaced(now);
        if (_sealed.HasFormer && _sealed.IsCurrentSeen && _formerUntil == long.MaxValue)
            _formerUntil = IsOrdered ? now : now + (3 * LongestAnswer);
        bool isUsed =
            Packets.Next - _sentBefore >= _options.RekeyFrames
            || Packets.Received - _receivedBefore >= _options.RekeyFrames;
        if (isUsed && IsInitiator && _renewal is null)
            _renewalDue = Math.Min(_renewalDue, now);
    }

    // No frame is sealed with keys that have sealed so many.
    private bool AreKeysUsedUp =>
        _sealed is not null && Packets.Next - _sentBefore >= _options.RekeyFrames * FramesLimit;

    private void OnKeysReplaced(long now)
    {
        _replacements = _sealed!.Replacements;
        _sentBefore = Packets.Next;
        _receivedBefore = Packets.Received;
        _formerUntil = long.MaxValue;
        _renewal?.Dispose();
        _renewal = null;
        _renewalAnswerPending = false;
        StartKeys(now);
    }

    private int WriteRenewal(long now, Span<byte> frame)
    {
        if (_renewalAnswerPending)
        {
            _renewalAnswerPending = false;
            return WriteRenewal(FrameType.Response, frame);
        }

        _renewalDue = now + _renewalInterval + Peer.Random.Jitter(_renewalInterval / 4);
        _renewalInterval = Math.Min(_renewalInterval * 2, _options.InitRetryLimit);
        return WriteRenewal(FrameType.Init, frame);
    }

    private int WriteRenewal(FrameType type, Span<byte> frame)
    {
        if (FindKey() is not { } key)
            return 0; // it was removed, and the owner ends the path
        Handshake header = RenewalHeader(type);
        _renewal ??= KeyExchange.Initiate(
            key,
            _exchange!.Suite,
            isSealed: true,
            header,
            _sealed!.Current.Exchange,
            Peer.Random
        );
        header.Write(frame);
        return _renewal.Write(key, frame, []);
    }

    private Handshake RenewalHeader(FrameType type) =>
        new()
        {
            Type = type,
            Generation = NextGeneration,
            ReceiverIndex = RemoteIndex,
            SenderIndex = LocalIndex,
            KeyId = KeyId,
            From = _options.Node,
            To = Peer.Node,
            Incarnation = _options.Incarnation,
            PeerIncarnation = PeerIncarnation,
            Epoch = Epoch,
        };

    private void ReadRenewal(long now, in Handshake handshake, in CryptoBlock block)
    {
        bool isForThisPath =
            IsEstablished
            && _sealed is not null
            && handshake.Generation == NextGeneration
            && handshake.ReceiverIndex == LocalIndex
            && handshake.SenderIndex == RemoteIndex
            && handshake.Incarnation == PeerIncarnation
            && handshake.PeerIncarnation == _options.Incarnation;
        if (!isForThisPath)
            return; // a repetition of one that is complete, mostly
        if (handshake.Type == FrameType.Init && !IsInitiator)
            AnswerRenewal(handshake, block);
        else if (handshake.Type == FrameType.Response && IsInitiator && _renewal is not null)
            CompleteRenewal(now, block);
    }

    private void AnswerRenewal(in Handshake init, in CryptoBlock block)
    {
        if (_renewal is null || !_renewal.Answers(block))
        {
            if (
                block.Suite != (byte)_exchange!.Suite
                || KeyExchange.Answer(FindKey()!, true, block, _sealed!.Current.Exchange, Peer.Random) is not { } answer
            )
            {
                _statistics.Forged();
                return;
            }

            _renewal?.Dispose();
            _renewal = answer;
            _sealed.Offer(answer.TakeKeys(init.Generation));
        }

        _renewalAnswerPending = true;
        Peer.Driver.OnPending();
    }

    private void CompleteRenewal(long now, in CryptoBlock block)
    {
        if (!_renewal!.TryComplete(block))
        {
            _statistics.Forged();
            return;
        }

        _sealed!.Use(_renewal.TakeKeys(NextGeneration));
        OnKeysReplaced(now);
        Ask(now); // the peer uses the new keys when it has seen a frame of them
        Peer.Driver.OnPending();
    }
}
