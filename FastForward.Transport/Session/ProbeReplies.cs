using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>The answers that a path owes to the probes of its far end.</summary>
internal sealed class ProbeReplies
{
    /// <summary>Above it the oldest is forgotten: whoever asks more often than it is answered will not miss it.</summary>
    public const int MaxPending = 256;

    private readonly Queue<(uint Id, int Size, long Since)> _pending = new();

    public bool IsPending => _pending.Count > 0;

    /// <param name="now">When the probe came.</param>
    /// <param name="id">Its number.</param>
    /// <param name="size">The size of its element: the answer has the same, if it can.</param>
    public void Add(long now, uint id, int size)
    {
        if (_pending.Count == MaxPending)
            _pending.Dequeue();
        _pending.Enqueue((id, Math.Clamp(size, WireFormat.ProbeReply, WireFormat.LongestProbe), now));
    }

    /// <summary>Writes what fits.</summary>
    public void Write(long now, ref FrameWriter frame)
    {
        while (_pending.TryPeek(out (uint Id, int Size, long Since) reply) && frame.Room >= reply.Size)
        {
            _pending.Dequeue();
            frame.WriteProbeReply(reply.Id, (uint)(now - reply.Since), reply.Size);
        }
    }
}
