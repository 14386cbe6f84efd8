using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// A datagram socket that links share, with what waits to leave through it and the links that found no room. What an
/// error of the socket means differs between the address families.
/// </summary>
internal abstract class SharedSocket : IDisposable
{
    private readonly TransportStatistics _statistics;
    private readonly List<DatagramLink> _refused = [];
    private Epoll? _epoll;
    private ulong _token;

    protected SharedSocket(
        Descriptor descriptor,
        int maxFrameSize,
        TransportStatistics statistics,
        bool cutsRuns = false
    )
    {
        Descriptor = descriptor;
        Outgoing = new DatagramSendBatch(maxFrameSize, cutsRuns);
        _statistics = statistics;
    }

    public Descriptor Descriptor { get; }

    public DatagramSendBatch Outgoing { get; }

    /// <summary>The kernel's send buffer is full; EPOLLOUT tells when it is not.</summary>
    public bool IsBlocked { get; private set; }

    /// <summary>Links were refused and room has come since.</summary>
    public bool HasRefusedLinks => _refused.Count > 0 && Outgoing.HasFree;

    /// <summary>Adds the socket to an epoll instance. Its interest in EPOLLOUT follows <see cref="IsBlocked"/>.</summary>
    public void Watch(Epoll epoll, ulong token)
    {
        (_epoll, _token) = (epoll, token);
        epoll.Add(Descriptor.Number, LibC.EPOLLIN, token);
    }

    /// <summary>A slot for a frame; -1, counted, when there is none.</summary>
    public int Claim()
    {
        int slot = Outgoing.Claim();
        if (slot >= 0)
            return slot;
        Flush(); // the slots may be full of what could leave
        slot = Outgoing.Claim();
        if (slot < 0)
            _statistics.Refused();
        return slot;
    }

    /// <summary>Remembers that a link wants to hear of room.</summary>
    public void AddRefused(DatagramLink link) => _refused.Add(link);

    /// <summary>A link has ended.</summary>
    public void Forget(DatagramLink link) => _refused.Remove(link);

    /// <summary>Hands the refused links over to be told.</summary>
    public void NotifyRefused()
    {
        foreach (DatagramLink link in _refused)
            link.RoomAgain();
        _refused.Clear();
    }

    /// <summary>
    /// Sends what is staged until it is gone or the kernel's buffer is full. What the kernel refuses for another reason is
    /// tried once more where that may help, then skipped and counted: it is lost, as datagrams are.
    /// </summary>
    public void Flush()
    {
        if (Outgoing.Staged == 0)
            return;
        bool wasBlocked = IsBlocked;
        SendStaged();
        if (IsBlocked != wasBlocked)
            _epoll?.Modify(Descriptor.Number, IsBlocked ? LibC.EPOLLIN | LibC.EPOLLOUT : LibC.EPOLLIN, _token);
    }

    public virtual void Dispose()
    {
        Descriptor.Dispose();
        Outgoing.Dispose();
        _refused.Clear();
    }

    /// <summary>A send failed for another reason than want of room: does what can be done about it, and counts.</summary>
    /// <param name="repeated">It is the second time for this datagram.</param>
    /// <returns>Whether the datagram goes once more; otherwise it is lost.</returns>
    protected abstract bool Failed(bool repeated);

    private void SendStaged()
    {
        bool repeated = false;
        IsBlocked = false;
        while (Outgoing.Staged > 0)
        {
            int sent = Outgoing.Send(Descriptor);
            if (sent > 0)
            {
                _statistics.Sent(sent, Outgoing.Release(sent));
                repeated = false;
                continue;
            }

            int error = LibC.LastError;
            if (error == Errno.EINTR)
                continue;
            IsBlocked = error == Errno.EAGAIN;
            if (IsBlocked)
                return;
            repeated = Failed(repeated);
            if (!repeated)
                Outgoing.Release(1);
        }
    }
}
