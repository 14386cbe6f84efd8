using System.Buffers.Binary;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>What is known of the quality of the path, in both directions.</content>
internal sealed partial class SessionPath
{
    private PathFigures? _figures;

    /// <summary>What the path measures of its frames; null before the first.</summary>
    public PathFigures? Figures => _figures;

    private PathFigures Measured => _figures ??= new PathFigures();

    /// <summary>The quality of the way to the peer.</summary>
    public PathQuality Quality
    {
        get
        {
            LossMeter? losses = Recovery?.Losses;
            return new PathQuality
            {
                IsMeasured = losses is { Frames: >= LossMeter.Enough } && _figures?.PeerReport is not null,
                Loss = losses?.Ratio ?? 0,
                Burst = losses?.Burst ?? 1,
                RoundTrip = Measurement.SmoothedRoundTrip,
                FrameRate = _figures?.FrameRate ?? 0,
                Transit = _figures?.PeerReport ?? default,
            };
        }
    }

    /// <summary>Whether what is sent now arrives sooner than over another path, as far as both are measured.</summary>
    public bool IsSoonerThan(SessionPath other)
    {
        if (Measurement.SmoothedRoundTrip == 0 || other.Measurement.SmoothedRoundTrip == 0)
            return false;
        long difference = (Measurement.SmoothedRoundTrip - other.Measurement.SmoothedRoundTrip) / 2;
        if (_figures?.PeerReport is { } own && other._figures?.PeerReport is { } others)
            difference += own.Q99 - others.Q99;
        return difference < 0;
    }

    private void EndInterval(long now)
    {
        Arrivals.EndInterval();
        Measured.EndInterval(now, _packets?.Next ?? 0);
        if (!IsOrdered)
            Peer.OnMeasured(this, now);
    }

    private void WriteTransitReport(ref FrameWriter frame)
    {
        TransitMeter transits = Measured.Transits;
        if (!IsOrdered && transits.Count >= TransitMeter.Enough && frame.Room >= WireFormat.TransitReport)
            frame.WriteTransitReport(transits.Report);
    }

    private void OnTransitReport(ReadOnlySpan<byte> body)
    {
        Measured.PeerReport = new TransitReport(
            BinaryPrimitives.ReadUInt32LittleEndian(body),
            Micros(body[4..]),
            Micros(body[6..]),
            Micros(body[8..])
        );

        static long Micros(ReadOnlySpan<byte> field) =>
            BinaryPrimitives.ReadUInt16LittleEndian(field) * (long)WireFormat.AgeUnitMicros;
    }

    private void OnDelivered(long now, LossRecovery recovery)
    {
        OnConfirmed(now);
        Peer.OnFramesAcknowledged(this, now, recovery.LargestAcknowledged);
    }

    private void OnDuplicate()
    {
        Measured.Duplicates++;
        _statistics.Replayed();
    }
}
