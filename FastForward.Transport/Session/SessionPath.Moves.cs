using System.Buffers.Binary;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>
/// A peer whose address changes, as behind a translator that chose another port. The path follows a frame from another
/// place only after the place has returned a nonce that was sent there: a forged source changes nothing.
/// </content>
internal sealed partial class SessionPath
{
    /// <summary>The longest challenge to another place, in bytes.</summary>
    public const int LongestMoveChallenge = 128;

    // However many frames come from elsewhere.
    private const long MoveChallengeInterval = 100_000;

    // A place that does not answer keeps another one out no longer.
    private const long MoveChallengeLife = 1_000_000;

    private ulong? _returned; // a nonce of the peer, to be returned on this path
    private LinkSource _movePlace;
    private ulong _moveNonce;
    private long _moveSince = long.MinValue;
    private long _moveChallengedAt = long.MinValue;

    /// <summary>
    /// Whether a frame that came from another place may be one of the peer: an established path, a DATA frame, a packet
    /// number that has not arrived, and either a challenge was sent to the place, or one may be sent now. Changes
    /// nothing, and costs little however many frames come from elsewhere.
    /// </summary>
    public bool MayHaveMoved(long now, in LinkSource place, ReadOnlySpan<byte> frame) =>
        Phase == PathPhase.Established
        && !IsOrdered
        && frame.Length >= WireFormat.DataHeader + Protection.Overhead
        && frame[0] == WireFormat.Version
        && frame[1] == (byte)FrameType.Data
        && BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]) == LocalIndex
        && Packets.Check(NumberOf(frame)) == ReplayCheck.Fresh
        && (IsChallenged(place) || MayChallenge(now, place, frame));

    /// <summary>Decides about a frame that came from another place, which may be the peer's.</summary>
    /// <param name="now">The time.</param>
    /// <param name="place">Where it came from.</param>
    /// <param name="frame">The frame, for which <see cref="MayHaveMoved"/> holds. It is opened in place.</param>
    /// <param name="challenge">
    /// Where the challenge is written, at least <see cref="LongestMoveChallenge"/> bytes.
    /// </param>
    /// <param name="length">The length of the challenge, at most that of the frame.</param>
    public MoveDecision EvaluateMove(
        long now,
        in LinkSource place,
        Span<byte> frame,
        Span<byte> challenge,
        out int length
    )
    {
        length = 0;
        ulong number = NumberOf(frame);
        int size = MoveChallengeSize;
        bool isChallenged = IsChallenged(place);
        bool mayChallenge = MayChallenge(now, place, frame);
        if (!Protection.TryOpen(frame, number))
            return MoveDecision.Drop;
        CountUse(now);
        if (isChallenged && HasAnswer(frame))
            return MoveDecision.Follow;
        if (!mayChallenge)
            return MoveDecision.Drop;
        if (!isChallenged)
        {
            _movePlace = place;
            _moveNonce = Peer.Random.Nonce();
            _moveSince = now;
        }

        _moveChallengedAt = now;
        FrameBuilder builder = Begin(challenge[..size]);
        builder.Writer.WritePathChallenge(_moveNonce, samePath: true);
        length = Complete(now, builder);
        return MoveDecision.Challenge;
    }

    /// <summary>
    /// The peer has proven that it is at another place, and the link goes there: the path continues with the frame that
    /// has proven it, which is open already.
    /// </summary>
    public void Follow(long now, in LinkSource place, Span<byte> frame)
    {
        LinkSource before = Source;
        Source = place;
        _moveSince = long.MinValue;
        if (place.WithoutPort != before.WithoutPort)
        {
            Measurement.Restart();
            _figures = new PathFigures { LastHeard = now };
            _packets!.Recovery!.Restart();
            Size?.Restart();
        }

        _packets!.Recovery!.OnPathAnswers();
        Prober.Restart(now);
        Packets.Commit(now, NumberOf(frame));
        Peer.OnMoved(this, now, before);
        OnAnswered(now); // the challenge
        ReadOpened(now, frame, NumberOf(frame));
        Peer.OnFrameRead();
    }

    private int MoveChallengeSize => WireFormat.DataHeader + WireFormat.PathChallenge + Protection.Overhead;

    private bool IsChallenged(in LinkSource place) => place == _movePlace && _moveSince != long.MinValue;

    private bool MayChallenge(long now, in LinkSource place, ReadOnlySpan<byte> frame) =>
        Packets.IsHighest(NumberOf(frame))
        && frame.Length >= MoveChallengeSize
        && (_moveChallengedAt == long.MinValue || now - _moveChallengedAt >= MoveChallengeInterval)
        && (IsChallenged(place) || _moveSince == long.MinValue || now - _moveSince >= MoveChallengeLife);

    private static ulong NumberOf(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]);

    private static bool IsOfSamePath(in ElementReader element) => (element.Bits & WireFormat.SamePath) != 0;

    private bool HasAnswer(ReadOnlySpan<byte> frame)
    {
        ElementReader reader = new(frame[WireFormat.DataHeader..^Protection.Overhead]);
        while (reader.Next())
        {
            ReadOnlySpan<byte> body = reader.Body;
            if (
                reader.Type == ElementType.PathResponse
                && IsOfSamePath(reader)
                && body.Length >= 16
                && BinaryPrimitives.ReadUInt64LittleEndian(body) == _moveNonce
                && BinaryPrimitives.ReadUInt32LittleEndian(body[8..]) == RemoteIndex
                && BinaryPrimitives.ReadUInt32LittleEndian(body[12..]) == LocalIndex
            )
                return true;
        }

        return false;
    }

    private void WriteReturned(ref FrameWriter frame)
    {
        if (_returned is not { } nonce || frame.Room < WireFormat.PathResponse)
            return;
        _returned = null;
        frame.WritePathResponse(nonce, LocalIndex, RemoteIndex, samePath: true);
    }
}
