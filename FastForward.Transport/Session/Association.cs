using System.Buffers.Binary;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The state shared with one process of the peer, independent of paths: streams, sequence numbers, credit. It starts
/// unbound, so that messages can be queued; the first completed handshake binds it to an epoch and an incarnation.
/// </summary>
internal sealed class Association
{
    private const int MaxSources = 8;

    private readonly uint _peer;
    private readonly SessionOptions _options;
    private readonly ISessionEvents _events;
    private readonly PeerStatistics _statistics;
    private readonly MessageMemory _memory;
    private readonly PeerHeldCredit _peerHeld;
    private List<LinkSource>? _sources;
    private Sender? _sender;
    private Receiver? _receiver;

    public Association(
        uint peer,
        SessionOptions options,
        ISessionEvents events,
        PeerStatistics statistics,
        MessageMemory memory,
        PeerHeldCredit peerHeld
    )
    {
        _peer = peer;
        _options = options;
        _events = events;
        _statistics = statistics;
        _memory = memory;
        _peerHeld = peerHeld;
    }

    // Both halves are created when first used: most peers of a large registry are absent, and never need them.
    public Sender Sender => _sender ??= new Sender(_peer, _options, _events, _statistics, _memory.Outgoing);

    public Receiver Receiver =>
        _receiver ??= new Receiver(_peer, _options, _events, _statistics, _memory.Buffers, _peerHeld);

    /// <summary>See <see cref="Sender.HasWaitingReliable"/>.</summary>
    public bool HasWaitingReliable => _sender is { HasWaitingReliable: true };

    /// <summary>See <see cref="Sender.StoredBytes"/>.</summary>
    public long StoredBytes => _sender?.StoredBytes ?? 0;

    /// <summary>A completed handshake has bound it.</summary>
    public bool IsUp { get; private set; }

    /// <summary>
    /// The number of this association between the two processes (docs/protocol.md, "Epochs"); 0 while unbound.
    /// </summary>
    public uint Epoch { get; private set; }

    /// <summary>The peer's incarnation; 0 while unbound.</summary>
    public ulong PeerIncarnation { get; private set; }

    /// <summary>The strength of the best source of a path that joined (<see cref="LinkSource.Strength"/>).</summary>
    public int Strength { get; private set; }

    /// <summary>A path from the source has joined.</summary>
    public void AddSource(in LinkSource source)
    {
        if (source.Strength < Strength || IsAt(source))
            return;
        _sources ??= [];
        if (source.Strength > Strength)
            _sources.Clear();
        Strength = source.Strength;
        if (_sources.Count == MaxSources)
            _sources.RemoveAt(0);
        _sources.Add(source);
    }

    /// <summary>The peer's process is at the source, by the strongest of its paths.</summary>
    public bool IsAt(in LinkSource source) => _sources?.Contains(source) == true;

    /// <summary>Ends all streams and reports what was not delivered.</summary>
    public void FailAll(long now, UndeliveredReason undelivered, StreamEndReason streamEnd)
    {
        _sender?.FailAll(undelivered);
        _receiver?.FailAll(now, streamEnd);
    }

    /// <summary>When <see cref="OnTimeout"/> is due; long.MaxValue for never.</summary>
    public long NextTimeout => Math.Min(_sender?.NextTimeout ?? long.MaxValue, _receiver?.NextRelease ?? long.MaxValue);

    /// <summary>Real-time messages expire, or have waited long enough for others.</summary>
    public void OnTimeout(long now)
    {
        _sender?.OnTimeout(now);
        _receiver?.Release(now);
    }

    /// <summary>See <see cref="Sender.CopyPolicy"/>; null while nothing was sent. Any thread may read it.</summary>
    public CopyPolicy? CopyPolicy => IsUp ? _sender?.CopyPolicy : null;

    /// <summary>The shortest budget of a real-time stream of the peer, in microseconds.</summary>
    public long ShortestBudget => _receiver?.ShortestBudget ?? _options.RealTimeBudget;

    /// <summary>See <see cref="Sender.OnFrameRead"/>.</summary>
    public void OnFrameRead() => _sender?.OnFrameRead();

    public void NotifyAllWaiting() => _sender?.NotifyAllWaiting();

    public void Bind(uint epoch, ulong peerIncarnation)
    {
        IsUp = true;
        Epoch = epoch;
        PeerIncarnation = peerIncarnation;
    }

    /// <summary>The path belongs to this association.</summary>
    public bool Owns(SessionPath path) => IsUp && path.Epoch == Epoch && path.PeerIncarnation == PeerIncarnation;

    /// <summary>An element that a path of this association lost is sent again, if it still matters.</summary>
    /// <param name="now">The time.</param>
    /// <param name="element">The element.</param>
    /// <param name="frame">The frame that carried it.</param>
    /// <returns>Whether it is sent again.</returns>
    public bool OnLost(long now, in SentElement element, ulong frame) =>
        element.Kind == SentKind.Message ? Sender.OnLost(now, element, frame) : Receiver.OnLost(now, element);

    /// <summary>An element about a stream that is not open.</summary>
    public bool IsUnknownStream(ReadOnlySpan<byte> body) =>
        body.Length >= 8 && Receiver.ClassOf(StreamOf(body)) is null;

    /// <summary>The element resets an open real-time stream.</summary>
    public bool IsRealTimeReset(ElementType type, ReadOnlySpan<byte> body) =>
        type == ElementType.StreamReset
        && body.Length >= 8
        && Receiver.ClassOf(StreamOf(body)) == MessageClass.RealTime;

    /// <summary>Processes an element about a stream or about the association's credit.</summary>
    /// <returns>False when the peer violates the protocol so that the path must be closed.</returns>
    public bool ReadStreamElement(long now, ElementType type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case ElementType.StreamAck when body.Length >= 24:
                Sender.Acknowledge(
                    StreamOf(body),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[8..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[12..]),
                    BinaryPrimitives.ReadUInt64LittleEndian(body[16..])
                );
                return true;
            case ElementType.Credit when body.Length >= 8:
                Sender.GrantCredit(BinaryPrimitives.ReadUInt64LittleEndian(body));
                return true;
            case ElementType.StreamReset when body.Length >= 16:
                return Receiver.Reset(
                    now,
                    StreamOf(body),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[8..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[12..])
                );
            case ElementType.StreamRefused when body.Length >= 16:
                Sender.Refused(
                    StreamOf(body),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[8..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[12..])
                );
                return true;
            default:
                _statistics.Malformed();
                return true;
        }
    }

    private static ulong StreamOf(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadUInt64LittleEndian(body);
}
