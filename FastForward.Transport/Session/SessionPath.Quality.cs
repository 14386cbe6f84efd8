using System.Buffers.Binary;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>What is known of the quality of the path, in both directions.</content>
internal sealed partial class SessionPath
{
    private TransitMeter? _transits;
    private TransitReport? _peerReport;
    private ulong _framesAtInterval;
    private long _intervalBegan;
    private double _frameRate;

    /// <summary>How long the frames of the peer travel.</summary>
    public TransitMeter Transits => _transits ??= new TransitMeter();

    /// <summary>How long the frames to the peer travel, as it reports it; null while it has not.</summary>
    public TransitReport? PeerReport => _peerReport;

    /// <summary>When a frame of the peer arrived last; -1 for never.</summary>
    public long LastHeard { get; private set; } = -1;

    /// <summary>When the peer confirmed last that a frame or probe arrived; -1 for never.</summary>
    public long LastDelivered { get; private set; } = -1;

    /// <summary>Frames that arrived again.</summary>
    public long FramesDuplicated { get; private set; }

    /// <summary>The quality of the way to the peer.</summary>
    public PathQuality Quality
    {
        get
        {
            LossMeter? losses = Recovery?.Losses;
            return new PathQuality
            {
                IsMeasured = losses is { Frames: >= LossMeter.Enough } && _peerReport is not null,
                Loss = losses?.Ratio ?? 0,
                Burst = losses?.Burst ?? 1,
                RoundTrip = Measurement.SmoothedRoundTrip,
                FrameRate = _frameRate,
                Transit = _peerReport.GetValueOrDefault(),
            };
        }
    }

    private void EndInterval(long now)
    {
        Arrivals.EndInterval();
        ulong frames = _packets?.Next ?? 0;
        _frameRate = (frames - _framesAtInterval) * 1_000_000.0 / Math.Max(now - _intervalBegan, 1);
        _framesAtInterval = frames;
        _intervalBegan = now;
        if (!IsOrdered)
            Peer.OnMeasured(this, now);
    }

    private void WriteTransitReport(ref FrameWriter frame)
    {
        if (IsOrdered || _transits is not { Count: > 0 } transits || frame.Room < WireFormat.TransitReport)
            return;
        frame.WriteTransitReport(transits.Report);
    }

    private void OnTransitReport(ReadOnlySpan<byte> body)
    {
        _peerReport = new TransitReport(
            BinaryPrimitives.ReadUInt32LittleEndian(body),
            Micros(body[4..]),
            Micros(body[6..]),
            Micros(body[8..])
        );

        static long Micros(ReadOnlySpan<byte> field) =>
            BinaryPrimitives.ReadUInt16LittleEndian(field) * (long)WireFormat.AgeUnitMicros;
    }
}
