using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Rings;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// The second step of opening a link whose sides both want shared memory: each offers the memory that it will write.
/// The link uses it when both have; otherwise its socket.
/// </summary>
/// <param name="budget">Limits the memory.</param>
/// <param name="maxFrameSize">The longest frame that was agreed.</param>
internal sealed class RingOpening(RingBudget budget, int maxFrameSize)
{
    /// <summary>The bit of <see cref="OpeningPacket.Features"/> that says it.</summary>
    public const ulong Feature = 1;

    private readonly int _capacity = RingPair.CapacityFor(maxFrameSize);
    private RingMemory? _own;
    private long _taken;

    /// <summary>Why the link uses its socket.</summary>
    public string? Reason { get; private set; }

    /// <summary>Sends this side's offer.</summary>
    /// <returns>0, or errno.</returns>
    public int Offer(Descriptor socket)
    {
        Descriptor? file = null;
        string? problem = "the memory for shared rings is used up";
        if (budget.TryTake(Needed))
        {
            _taken = Needed;
            RingMemory.TryCreate(_capacity, out _own, out file, out problem);
        }

        Reason = problem;
        int error = RingOffer.Send(socket, _own?.Capacity ?? 0, file);
        file?.Dispose(); // the mapping stays
        if (error is 0 or Errno.EPIPE or Errno.ECONNRESET or Errno.ENOTCONN || _own is null)
            return error;
        // Too many descriptors of the user are in flight (ETOOMANYREFS), or a security module forbids it.
        Release();
        Reason = $"its descriptor could not be sent: {LibC.Describe(error)}";
        return RingOffer.Send(socket, 0, null);
    }

    /// <summary>Receives the peer's offer.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="rings">The rings; null when one of the sides has none.</param>
    /// <param name="end">Why the link cannot go on: the peer counts on its ring. Null when it can.</param>
    /// <param name="error">errno, or 0 for the end of the connection, when there was no packet.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryComplete(Descriptor socket, out RingPair? rings, out LinkClosure? end, out int error)
    {
        (rings, end) = (null, null);
        if (!RingOffer.TryReceive(socket, out int capacity, out Descriptor? file, out string? fault, out error))
            return false;
        if (error != 0)
            end = new LinkClosure(LinkCloseReason.Failed, error, "the peer's ring could not be received");
        else if (fault is not null)
            end = new LinkClosure(LinkCloseReason.ProtocolViolation, 0, fault);
        else if (file is not null && _own is not null)
            end = Map(file, capacity, out rings);
        else
            Reason ??= "the peer offers none";
        if (rings is null)
            ForeignFile.Close(file);
        else
            file!.Dispose();
        return true;
    }

    private LinkClosure? Map(Descriptor file, int capacity, out RingPair? rings)
    {
        rings = null;
        if (capacity != _capacity)
            return new LinkClosure(
                LinkCloseReason.ProtocolViolation,
                0,
                $"the peer's ring has {capacity} bytes instead of {_capacity}"
            );
        if (!RingMemory.TryMap(file, capacity, out RingMemory? peer, out string? problem, out bool isFault))
            return new LinkClosure(isFault ? LinkCloseReason.ProtocolViolation : LinkCloseReason.Failed, 0, problem);
        rings = new RingPair(_own!, peer, maxFrameSize, budget);
        (_own, _taken) = (null, 0); // of the rings now
        return null;
    }

    /// <summary>Returns what no link has taken over.</summary>
    public void Release()
    {
        _own?.Dispose();
        budget.Return(_taken);
        (_own, _taken) = (null, 0);
    }

    // For both directions.
    private long Needed => 2 * RingMemory.SizeOf(_capacity);
}
