using System.Numerics;
using System.Runtime.CompilerServices;

namespace FastForward.Transport.Transports.Rings;

/// <summary>
/// The frames of a link over two rings. A record is a little-endian 32-bit length, four bytes that are 0, and the
/// frame, padded to 8 bytes; records are not split, so that <see cref="Padding"/> instead of a length fills the end
/// of the ring.
/// </summary>
internal sealed unsafe class RingPair : IDisposable
{
    /// <summary>The bytes before a frame.</summary>
    public const int HeaderLength = 8;

    /// <summary>The bytes of a ring, unless its frames are longer than usual: it stays in a core's cache.</summary>
    public const int UsualCapacity = 256 * 1024;

    /// <summary>A ring is at least so many times as long as the longest frame.</summary>
    public const int FramesPerRing = 8;

    private const uint Padding = uint.MaxValue;

    private readonly RingMemory _own;
    private readonly RingMemory _peer;
    private readonly int _maxFrameSize;
    private readonly RingBudget _budget;
    private RingPositions<RingWords> _positions;
    private ulong _claimAt;

    /// <param name="own">The memory that this side writes.</param>
    /// <param name="peer">The memory that the other side writes.</param>
    /// <param name="maxFrameSize">The longest frame that the sides have agreed on.</param>
    /// <param name="budget">Gets the bytes of both memories back.</param>
    public RingPair(RingMemory own, RingMemory peer, int maxFrameSize, RingBudget budget)
    {
        _own = own;
        _peer = peer;
        _maxFrameSize = maxFrameSize;
        _budget = budget;
        _positions = new RingPositions<RingWords>(new RingWords(own.Words, peer.Words), own.Capacity, peer.Capacity);
    }

    /// <summary>The bytes of a ring for frames of up to this length: both sides' rings have the same.</summary>
    public static int CapacityFor(int maxFrameSize) =>
        (int)Math.Max(UsualCapacity, BitOperations.RoundUpToPowerOf2((uint)(FramesPerRing * maxFrameSize)));

    /// <summary>What the other side has violated; null for nothing.</summary>
    public string? Fault { get; private set; }

    /// <summary>Frames can be read.</summary>
    public bool HasInput => Fault is not null || _positions.Readable > 0 || _positions.IsCorrupt;

    /// <summary>A frame of the longest size can be written.</summary>
    public bool HasRoom => TryPlace(_maxFrameSize, out _) || _positions.IsCorrupt;

    /// <summary>Finds room for a frame.</summary>
    /// <returns>Where it is written; null when there is no room.</returns>
    public byte* Claim(int length) =>
        TryPlace(length, out _claimAt) ? _own.Ring + Offset(_claimAt, _own) + HeaderLength : null;

    /// <summary>The claimed frame is complete.</summary>
    public void Commit(int length)
    {
        if (_claimAt != _positions.Tail)
            *(ulong*)(_own.Ring + Offset(_positions.Tail, _own)) = Padding;
        *(ulong*)(_own.Ring + Offset(_claimAt, _own)) = (uint)length;
        _positions.Tail = _claimAt + RecordLength(length);
    }

    /// <inheritdoc cref="RingPositions{TWords}.Publish"/>
    public bool Publish() => _positions.Publish();

    /// <inheritdoc cref="RingPositions{TWords}.Release"/>
    public bool Release() => _positions.Release();

    /// <summary>See <see cref="RingPositions{TWords}.Arm"/>.</summary>
    public bool Arm(bool waitsForRoom, out bool mustWake) =>
        _positions.Arm(waitsForRoom ? RoomFor(_maxFrameSize) : 0, out mustWake) || Fault is not null;

    /// <inheritdoc cref="RingPositions{TWords}.EndInput"/>
    public void EndInput() => _positions.EndInput();

    /// <inheritdoc cref="RingPositions{TWords}.Disarm"/>
    public void Disarm() => _positions.Disarm();

    /// <summary>
    /// Copies the next frame out of the memory of the other side, which may change it at any time, and only then looks
    /// at it.
    /// </summary>
    /// <param name="target">Where to; it holds the longest frame.</param>
    /// <returns>Its length; 0 when there is none, or a <see cref="Fault"/>.</returns>
    public int Read(byte* target)
    {
        while (Fault is null)
        {
            ulong readable = _positions.Readable;
            if (_positions.IsCorrupt)
            {
                Fault = "the peer's position in its ring is impossible";
                return 0;
            }

            if (readable == 0)
                return 0;
            int offset = Offset(_positions.Head, _peer);
            int toEnd = _peer.Capacity - offset;
            uint length = Volatile.Read(ref Unsafe.AsRef<uint>(_peer.Ring + offset));
            ulong record = length == Padding ? (ulong)toEnd : RecordLength(length);
            bool isPossible =
                length == Padding
                    ? offset > 0 // padding of a whole ring could follow itself without end
                    : length >= 1 && length <= (uint)_maxFrameSize && record <= (ulong)toEnd;
            if (!isPossible || record > readable)
            {
                Fault = $"the peer's ring has a record of {length} bytes with {readable} to read";
                return 0;
            }

            _positions.Head += record;
            if (length == Padding)
                continue;
            Buffer.MemoryCopy(_peer.Ring + offset + HeaderLength, target, _maxFrameSize, length);
            return (int)length;
        }

        return 0;
    }

    public void Dispose()
    {
        if (_own.IsDisposed)
            return;
        _own.Dispose();
        _peer.Dispose();
        _budget.Return(RingMemory.SizeOf(_own.Capacity) + RingMemory.SizeOf(_peer.Capacity));
    }

    private static ulong RecordLength(long length) => (ulong)(HeaderLength + length + 7) & ~7ul;

    private static int Offset(ulong position, RingMemory memory) => (int)(position & (ulong)(memory.Capacity - 1));

    // With what the end of the ring may waste.
    private static ulong RoomFor(int length) => 2 * RecordLength(length);

    private bool TryPlace(int length, out ulong at)
    {
        ulong record = RecordLength(length);
        ulong toEnd = (ulong)(_own.Capacity - Offset(_positions.Tail, _own));
        ulong padding = record <= toEnd ? 0 : toEnd;
        at = _positions.Tail + padding;
        return _positions.HasRoom(padding + record);
    }
}
