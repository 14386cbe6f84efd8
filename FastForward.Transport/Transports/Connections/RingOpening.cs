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
        return error;
    }

    /// <summary>Receives the peer's offer.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="rings">The rings; null when one of the sides has none.</param>
    /// <param name="fault">What the peer has violated.</param>
    /// <param name="error">errno, or 0 for the end of the connection, when there was no packet.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryComplete(Descriptor socket, out RingPair? rings, out string? fault, out int error)
    {
        rings = null;
        if (!RingOffer.TryReceive(socket, out int capacity, out Descriptor? file, out fault, out error))
            return false;
        using (file)
        {
            if (fault is not null)
                return true;
            if (file is null || _own is null)
            {
                Reason ??= "the peer offers none";
                return true;
            }

            // The peer counts on its ring, so that the link cannot go on without it.
            if (capacity != _capacity)
            {
                fault = $"the peer's ring has {capacity} bytes instead of {_capacity}";
            }
            else if (RingMemory.TryMap(file, capacity, out RingMemory? peer, out fault))
            {
                rings = new RingPair(_own, peer, maxFrameSize, budget);
                (_own, _taken) = (null, 0); // of the rings now
            }

            return true;
        }
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
