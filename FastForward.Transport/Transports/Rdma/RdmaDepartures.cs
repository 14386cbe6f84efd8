using FastForward.Transport.Loop;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// The channels of links that have ended. Each lets its frames leave, disconnects, waits until the device has let go of
/// its memory, and is destroyed; each step has a time limit.
/// </summary>
internal sealed class RdmaDepartures(ForwardLoop loop, Action<RdmaChannel> destroyed)
{
    private const long SendMicros = 1_000_000;
    private const long DrainMicros = 200_000;

    private readonly List<(RdmaChannel Channel, bool IsDisconnected, long Deadline)> _channels = [];

    public bool Any => _channels.Count > 0;

    /// <summary>When the next step has to be taken at the latest; the largest number when there is none.</summary>
    public long Due { get; private set; } = long.MaxValue;

    /// <summary>Begins.</summary>
    /// <param name="channel">The channel of a link that has ended.</param>
    /// <param name="sends">What was sent before the end shall arrive.</param>
    public void Add(RdmaChannel channel, bool sends)
    {
        if (!channel.IsConnected)
        {
            Destroy(channel);
            return;
        }

        if (sends && channel.HasSends)
            channel.Finish();
        else
            channel.Disconnect();
        bool isDisconnected = !(sends && channel.HasSends);
        _channels.Add((channel, isDisconnected, loop.NowMicros + (isDisconnected ? DrainMicros : SendMicros)));
        Schedule();
    }

    /// <summary>Takes the steps that are due; called when completions have been handled.</summary>
    public void Continue(long now)
    {
        for (int i = _channels.Count - 1; i >= 0; i--)
        {
            (RdmaChannel channel, bool isDisconnected, long deadline) = _channels[i];
            if (!isDisconnected && (!channel.HasSends || now >= deadline))
            {
                channel.Disconnect();
                _channels[i] = (channel, true, now + DrainMicros);
            }
            else if (isDisconnected && (channel.IsDrained || now >= deadline))
            {
                _channels.RemoveAt(i);
                Destroy(channel);
            }
        }

        Schedule();
    }

    /// <summary>The peer or the device is gone: nothing that was sent can arrive any more.</summary>
    public void Hurry(RdmaChannel channel)
    {
        int index = _channels.FindIndex(entry => entry.Channel == channel);
        if (index < 0 || _channels[index].IsDisconnected)
            return;
        channel.Disconnect();
        _channels[index] = (channel, true, loop.NowMicros + DrainMicros);
        Schedule();
    }

    /// <summary>Whether a channel waits for its sends.</summary>
    public bool AnySending()
    {
        foreach ((RdmaChannel channel, bool isDisconnected, _) in _channels)
        {
            if (!isDisconnected && channel.HasSends)
                return true;
        }

        return false;
    }

    /// <summary>Destroys all channels now.</summary>
    public void DestroyAll()
    {
        foreach ((RdmaChannel channel, bool isDisconnected, _) in _channels)
        {
            if (!isDisconnected)
                channel.Disconnect();
            Destroy(channel);
        }

        _channels.Clear();
        Schedule();
    }

    private void Destroy(RdmaChannel channel)
    {
        channel.Dispose();
        destroyed(channel);
    }

    private void Schedule()
    {
        Due = long.MaxValue;
        foreach ((_, _, long deadline) in _channels)
            Due = Math.Min(Due, deadline);
    }
}
