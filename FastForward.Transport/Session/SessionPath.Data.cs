using System.Buffers.Binary;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>DATA frames: packet numbers, elements, probes and their replies.</content>
internal sealed partial class SessionPath
{
    private readonly ReplayWindow? _replay;
    private ulong _packetNumber;
    private ulong _expectedPacket;
    private readonly ProbeReplies _probeReplies = new();

    /// <summary>DATA frames that were written.</summary>
    public long FramesSent => (long)_packetNumber;

    /// <summary>Probes of <see cref="Peer.Pings"/> that are to be written on this path.</summary>
    public int PendingPings { get; set; }

    private int WriteData(long now, Span<byte> frame, out bool realTime)
    {
        FrameWriter writer = new(frame);
        if (Prober.IsPending)
            writer.WriteProbe(Prober.Take(now));
        _probeReplies.Write(now, ref writer);
        if (PendingPings > 0)
            Peer.Pings.Write(this, ref writer);
        Peer.WriteEchoes(this, ref writer);
        Peer.WriteContent(this, now, ref writer);
        realTime = writer.HasRealTime;
        return writer.IsEmpty ? 0 : Complete(now, writer);
    }

    // A frame of its own: what else it carried would be lost with it.
    private int WriteSizeProbe(long now, PathSize probed, Span<byte> frame)
    {
        uint id = probed.Take(out int size);
        FrameWriter writer = new(frame[..Math.Min(frame.Length, size)]);
        writer.WriteProbe(id);
        writer.WritePadding();
        return Complete(now, writer);
    }

    private int WriteClose(long now, Span<byte> frame)
    {
        FrameWriter writer = new(frame);
        writer.WriteClose(_closesAssociation, _closeReason);
        int length = Complete(now, writer);
        EndOutput(now);
        return length;
    }

    private int Complete(long now, FrameWriter writer)
    {
        writer.WriteHeader(RemoteIndex, _packetNumber++, (uint)now);
        return writer.Length;
    }

    private void ReadData(long now, ReadOnlySpan<byte> frame)
    {
        if (
            frame.Length < WireFormat.DataHeader
            || BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]) != LocalIndex
            || Phase is PathPhase.Initiating or PathPhase.Finished
        )
        {
            _statistics.Malformed();
            return;
        }

        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]);
        if (!TakePacketNumber(now, number))
        {
            _statistics.Replayed();
            return;
        }

        // A DATA frame with the local index proves that the RESPONSE arrived, just as a CONFIRM does.
        if (Phase == PathPhase.Answering)
            Confirmed(now);
        Arrivals.Add(number);
        LastTimestamp = BinaryPrimitives.ReadUInt32LittleEndian(frame[16..]);
        Measurement.AddArrival(now, LastTimestamp);
        ElementReader reader = new(frame[WireFormat.DataHeader..]);
        while (Phase is PathPhase.Established or PathPhase.Closing or PathPhase.Draining && reader.Next())
            ReadElement(now, reader);
        while (Phase == PathPhase.Validating && reader.Next())
            ReadChallenge(reader);
        if (reader.IsMalformed)
            _statistics.Malformed();
    }

    private bool TakePacketNumber(long now, ulong number)
    {
        if (_replay is not null)
            return _replay.TryTake(number);
        // A reliable ordered medium must neither skip nor repeat a number.
        if (number != _expectedPacket)
        {
            Finish(now, $"packet {number} instead of {_expectedPacket} on a reliable medium");
            return false;
        }

        _expectedPacket++;
        return true;
    }

    private void ReadElement(long now, in ElementReader element)
    {
        ReadOnlySpan<byte> body = element.Body;
        switch (element.Type)
        {
            case ElementType.Message when MessageElement.TryRead(element.Bits, body, out MessageElement message):
                Peer.OnMessage(this, now, message);
                break;
            case ElementType.PathChallenge:
                ReadChallenge(element);
                break;
            case ElementType.PathResponse when body.Length >= 16:
                Peer.OnEcho(
                    this,
                    now,
                    BinaryPrimitives.ReadUInt64LittleEndian(body),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[8..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[12..])
                );
                break;
            case ElementType.Probe when body.Length >= 4:
                OnPeerAccepts(now);
                _probeReplies.Add(
                    now,
                    BinaryPrimitives.ReadUInt32LittleEndian(body),
                    WireFormat.ElementHeader + body.Length
                );
                break;
            case ElementType.ProbeReply when body.Length >= 8:
                OnProbeReply(
                    now,
                    BinaryPrimitives.ReadUInt32LittleEndian(body),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[4..])
                );
                break;
            case ElementType.Close when body.Length >= 4:
                Peer.OnCloseReceived(
                    this,
                    now,
                    body[0] == 0,
                    (CloseReason)BinaryPrimitives.ReadUInt16LittleEndian(body[2..])
                );
                break;
            case ElementType.StreamAck or ElementType.Credit or ElementType.StreamReset or ElementType.StreamRefused:
                Peer.OnStreamElement(this, now, element.Type, body);
                break;
            case ElementType.Message
            or ElementType.Probe
            or ElementType.ProbeReply
            or ElementType.Close
            or ElementType.PathResponse:
                _statistics.Malformed();
                break;
            default:
                _statistics.UnknownElement();
                break;
        }
    }

    // The only element that is read before the path is proven: everything else could be a stranger's.
    private void ReadChallenge(in ElementReader element)
    {
        if (element.Type == ElementType.PathChallenge && element.Body.Length >= 8)
            PendingEcho = BinaryPrimitives.ReadUInt64LittleEndian(element.Body);
    }

    private void OnProbeReply(long now, uint id, uint hold)
    {
        if (Pings.IsPing(id))
        {
            Peer.Pings.OnReply(this, now, id, hold);
            return;
        }

        if (PathSize.IsId(id))
        {
            if (Size is { } size && size.OnReply(id))
                Peer.OnSizeChanged(this, now, size);
            return;
        }

        long roundTrip = Prober.OnReply(now, id, hold, out bool challengeAnswered);
        if (roundTrip < 0)
            return;
        Measurement.AddRoundTrip(roundTrip);
        OnPeerAccepts(now);
        if (challengeAnswered)
            Peer.OnChallengeAnswered(now);
        if (!IsSuspect)
            return;
        IsSuspect = false;
        Peer.OnSound(this, now);
    }
}
