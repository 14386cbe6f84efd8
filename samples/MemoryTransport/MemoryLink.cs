using System.Buffers;
using System.Net;
using FastForward.Transport;
using FastForward.Transport.Transports;

/// <summary>
/// One side of a connection. All but <see cref="Delivered"/> belongs to the loop thread of its transport.
/// </summary>
internal sealed class MemoryLink(MemoryTransport transport, EndPoint remote, bool isInbound) : IForwardLink
{
    // What the shared pool keeps of one size; with more, frames would be allocated.
    private const int MaxFramesUnderWay = 32;

    private static readonly LinkTraits s_traits = new()
    {
        Reliable = true,
        Ordered = true,
        ConnectionOriented = true,
        DetectsPeerDeath = true,
        MaxFrameSize = 16_384,
        HostLocal = true,
    };

    private static uint s_lastIndex;

    private MemoryLink? _other;
    private byte[]? _claim;
    private int _claimed;
    private int _underWay;
    private int _isRefused;
    private bool _isClosed;

    public IForwardTransport Transport => transport;

    /// <summary>The transport, as what it is.</summary>
    public MemoryTransport Owned => transport;

    // Need not be random: no frame of a stranger can name it.
    public uint Index { get; } = Interlocked.Increment(ref s_lastIndex);

    public LinkTraits Traits => s_traits;

    public EndPoint RemoteEndPoint => remote;

    public bool IsInbound => isInbound;

    public object? Owner { get; set; }

    public bool IsOpen => _other is not null && !_isClosed;

    public LinkClosure Closure { get; private set; }

    /// <summary>Committed frames that the other side has not read. Thread-safe.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    public ClaimResult TryClaim(int length, out Span<byte> span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (_claim is not null)
            throw new InvalidOperationException("A claim is open already.");
        span = default;
        if (!IsOpen)
            return ClaimResult.Closed;
        if (length > s_traits.MaxFrameSize)
            return ClaimResult.TooLarge;
        if (!HasRoom())
        {
            transport.CountBackPressure();
            return ClaimResult.BackPressured;
        }

        _claim = ArrayPool<byte>.Shared.Rent(length);
        _claimed = length;
        span = _claim.AsSpan(0, length);
        return ClaimResult.Claimed;
    }

    public void Commit(int length, bool realTime)
    {
        if (_claim is not { } frame || length < 1 || length > _claimed)
            throw new InvalidOperationException("No claim of this length is open.");
        _claim = null;
        Interlocked.Increment(ref _underWay);
        transport.CountSent(length);
        _other!.Owned.Put(new MemoryArrival(MemoryArrivalKind.Frame, _other, this, frame, length));
    }

    public void Abort()
    {
        if (_claim is not { } frame)
            throw new InvalidOperationException("No claim is open.");
        _claim = null;
        ArrayPool<byte>.Shared.Return(frame);
    }

    public void Close() => CloseWith(new LinkClosure(LinkCloseReason.ClosedLocally));

    /// <summary>The connection stands.</summary>
    /// <returns>False when this side has closed it meanwhile.</returns>
    public bool Open(MemoryLink other)
    {
        if (_isClosed)
            return false;
        _other = other;
        return true;
    }

    /// <summary>Closes this side, for the first reason that is given; the sink is notified by the next poll.</summary>
    public void CloseWith(LinkClosure closure)
    {
        if (_isClosed)
            return;
        _isClosed = true;
        Closure = closure;
        if (_claim is not null)
            Abort();
        transport.Put(MemoryArrival.Closed(this, closure));
        _other?.Owned.Put(MemoryArrival.Closed(_other, new LinkClosure(LinkCloseReason.PeerClosed)));
    }

    /// <summary>The other side has read a frame of this one, or dropped it. Thread-safe.</summary>
    public void Delivered()
    {
        bool hasRoom = Interlocked.Decrement(ref _underWay) <= MaxFramesUnderWay / 2;
        if (hasRoom && Interlocked.Exchange(ref _isRefused, 0) != 0)
            transport.Put(new MemoryArrival(MemoryArrivalKind.Writable, this));
    }

    private bool HasRoom()
    {
        if (UnderWay < MaxFramesUnderWay)
            return true;
        // Refused first, then asked again: the other side may have read everything in between.
        Interlocked.Exchange(ref _isRefused, 1);
        return UnderWay <= MaxFramesUnderWay / 2 && Interlocked.Exchange(ref _isRefused, 0) != 0;
    }
}
