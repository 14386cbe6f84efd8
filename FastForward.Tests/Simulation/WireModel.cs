using System.Buffers.Binary;
using FastForward.Tests.Session;
using FastForward.Transport.Cryptography;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Simulation;

/// <summary>
/// A model of what may be on the links (docs/protocol.md), beside the session: numbers of packets without gaps, each
/// taken once, acknowledgements of nothing but what has arrived, ages of messages, associations that never mix.
/// </summary>
internal sealed class WireModel
{
    private readonly Dictionary<SimulatedLink, Numbers> _links = [];
    private readonly Dictionary<(SimulatedNode Node, uint To, ulong Stream, uint Sequence), long> _acceptedAt = [];
    private readonly Dictionary<uint, (SimulatedLink Link, Association Association)> _indexes = [];
    private readonly Dictionary<Association, Association> _partners = [];
    private readonly HashSet<ulong> _written = [];
    private Numbers? _reading;
    private ulong _number;
    private bool _isWhole;
    private long _received;
    private long _tooOld;

    /// <summary>The first difference between model and session; null for none.</summary>
    public string? Violation { get; private set; }

    /// <summary>Of all DATA frames and their times, in order.</summary>
    public ulong Hash { get; private set; }

    public void OnAccepted(SimulatedNode node, uint to, ulong stream, ulong sequence, bool end)
    {
        _acceptedAt[(node, to, stream, (uint)sequence)] = node.Now;
        if (end)
            _acceptedAt.TryAdd((node, to, stream, (uint)sequence + 1), -1); // a mark takes its place
    }

    /// <summary>The session wrote a frame.</summary>
    public void OnWritten(SimulatedLink link, SessionPath path, ReadOnlySpan<byte> frame)
    {
        if (frame[1] != (byte)FrameType.Data)
            return;
        Hash = (Hash ^ Checksum.Of(frame) ^ (ulong)link.Owner.Now) * 1099511628211;
        Numbers numbers = Of(link);
        _indexes[path.RemoteIndex] = (link, path.Peer.Association);
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]);
        if (number != numbers.Next)
            Violated($"packet {number} is sent where {numbers.Next} is next");
        numbers.Next = number + 1;
        _written.Add(Checksum.Of(frame));
        if (path is { IsSealed: true, Phase: PathPhase.Finished })
            return; // the keys are wiped
        ElementReader element = new(Opened(path, frame)[WireFormat.DataHeader..^path.Protection.Overhead]);
        while (element.Next())
            Check(link, path, numbers, element);
        if (element.IsMalformed)
            Violated("a malformed frame is sent");
    }

    /// <summary>The session is about to read a frame.</summary>
    public void OnReading(SimulatedLink link, SessionPath path, ReadOnlySpan<byte> frame)
    {
        _reading = null;
        bool isData = frame[1] == (byte)FrameType.Data;
        isData &= frame.Length >= WireFormat.DataHeader + path.Protection.Overhead;
        if (!isData || path.Phase is PathPhase.Initiating or PathPhase.Finished)
            return;
        _reading = Of(link);
        _number = BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]);
        _isWhole = _written.Contains(Checksum.Of(frame));
        _received = path.Arrivals.Received;
        _tooOld = path.Peer.Statistics.TooOldFrames;
    }

    /// <summary>The session has read it.</summary>
    public void OnRead(SessionPath path)
    {
        if (_reading is not { } numbers)
            return;
        bool isTaken = path.Arrivals.Received != _received;
        if (isTaken && !_isWhole)
            Violated($"packet {_number} is damaged and taken");
        if (isTaken && !numbers.Taken.Add(_number))
            Violated($"packet {_number} is taken twice");
        bool isTooOld = numbers.Highest > _number && numbers.Highest - _number >= (ulong)path.Peer.Options.ReplayWindow;
        if (path.Peer.Statistics.TooOldFrames != _tooOld && !isTooOld)
            Violated($"packet {_number} is too old after {numbers.Highest}");
        if (isTaken && isTooOld)
            Violated($"packet {_number} is taken after {numbers.Highest}");
        if (!_isWhole)
            return;
        numbers.Highest = Math.Max(numbers.Highest, _number);
        if (isTaken && path.IsEstablished && path.Peer.Association.Owns(path))
            Join(path);
    }

    // With the key that the sender has sealed it with.
    private static ReadOnlySpan<byte> Opened(SessionPath path, ReadOnlySpan<byte> frame)
    {
        if (path.Protection is not SealedFrames frames)
            return frame;
        byte[] copy = frame.ToArray();
        Span<byte> content = copy.AsSpan(WireFormat.DataHeader);
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]);
        bool isOpen = frames.Current.Send.TryOpen(
            content[..^AeadKey.TagLength],
            content[^AeadKey.TagLength..],
            copy.AsSpan(0, WireFormat.DataHeader),
            number
        );
        return isOpen ? copy : throw new SimulationException($"packet {number} is sealed with other keys");
    }

    // The two ends of an association belong to each other alone.
    private void Join(SessionPath path)
    {
        if (!_indexes.TryGetValue(path.LocalIndex, out (SimulatedLink Link, Association Association) writer))
            return;
        Association near = path.Peer.Association;
        if (!writer.Association.IsUp || writer.Link.Path is not { } far || !writer.Association.Owns(far))
            return;
        if (_partners.TryGetValue(near, out Association? partner) && !ReferenceEquals(partner, writer.Association))
            Violated($"association {near.Epoch} of node {path.Peer.Options.Node} has two others");
        _partners[near] = writer.Association;
    }

    private void Check(SimulatedLink link, SessionPath path, Numbers numbers, in ElementReader element)
    {
        ReadOnlySpan<byte> body = element.Body;
        if (element.Type == ElementType.Ack)
            CheckAck(numbers, body);
        if (
            element.Type != ElementType.Message
            || ((MessageBits)element.Bits & (MessageBits.RealTime | MessageBits.Mark)) != MessageBits.RealTime
        )
            return;
        ulong stream = BinaryPrimitives.ReadUInt64LittleEndian(body);
        uint sequence = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        int age = BinaryPrimitives.ReadUInt16LittleEndian(body[14..]);
        SimulatedNode node = link.Owner;
        if (!_acceptedAt.TryGetValue((node, path.Peer.Node, stream, sequence), out long acceptedAt) || acceptedAt < 0)
            return;
        long expected = Math.Min((node.Now - acceptedAt) / WireFormat.AgeUnitMicros, ushort.MaxValue);
        if (age != expected)
            Violated($"message {sequence} of stream {stream} is {expected} units old and says {age}");
    }

    private void CheckAck(Numbers numbers, ReadOnlySpan<byte> body)
    {
        ulong largest = BinaryPrimitives.ReadUInt64LittleEndian(body);
        if (!numbers.Taken.Contains(largest))
            Violated($"packet {largest} is acknowledged and has not arrived");
        ReadOnlySpan<byte> bitmap = body[12..];
        for (int i = 0; i < bitmap.Length * 8; i++)
        {
            if ((bitmap[i / 8] & (1 << (i % 8))) != 0 && !numbers.Taken.Contains(largest - 1 - (ulong)i))
                Violated($"packet {largest - 1 - (ulong)i} is acknowledged and has not arrived");
        }
    }

    private Numbers Of(SimulatedLink link)
    {
        if (_links.TryGetValue(link, out Numbers? numbers))
            return numbers;
        numbers = new Numbers();
        _links.Add(link, numbers);
        return numbers;
    }

    private void Violated(string what) => Violation ??= what;

    private sealed class Numbers
    {
        public ulong Next { get; set; }

        public ulong Highest { get; set; }

        public HashSet<ulong> Taken { get; } = [];
    }
}
