using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>The pending replies to the remote's probes on one path.</summary>
internal sealed class ProbeReplies
{
    /// <summary>
    /// The limit of pending replies; the oldest one is dropped. Bounds the memory that a remote can use.
    /// </summary>
    public const int MaxPending = 256;

    private readonly Queue<(uint Id, int Size, long Since)> _pending = new();

    public bool IsPending => _pending.Count > 0;

    /// <param name="now">When the probe arrived.</param>
    /// <param name="id">The id of the probe.</param>
    /// <param name="size">
    /// The size of the probe element. The reply is filled to the same size within its own limits.
    /// </param>
    public void Add(long now, uint id, int size)
    {
        if (_pending.Count == MaxPending)
            _pending.Dequeue();
        _pending.Enqueue((id, Math.Clamp(size, WireFormat.ProbeReply, WireFormat.LongestProbe), now));
    }

    /// <summary>Writes the replies that fit.</summary>
    public void Write(long now, ref FrameWriter frame)
    {
        while (_pending.TryPeek(out (uint Id, int Size, long Since) reply))
        {
            int size = Math.Min(reply.Size, frame.Capacity); // a path with shorter frames carries no longer one
            if (frame.Room < size)
                return;
            _pending.Dequeue();
            frame.WriteProbeReply(reply.Id, (uint)Math.Min(now - reply.Since, uint.MaxValue), size);
        }
    }
}
