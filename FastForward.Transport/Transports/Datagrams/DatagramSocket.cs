using System.Net;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// A datagram socket that links share, with the frames staged for it and the links that found no room. Address families
/// differ in what an error of the socket means.
/// </summary>
internal abstract unsafe class DatagramSocket : IDisposable
{
    private readonly TransportStatistics _statistics;
    private readonly int _maxFrameSize;
    private readonly List<DatagramLink> _refused = [];
    private Epoll? _epoll;
    private ulong _token;

    /// <param name="descriptor">A bound, non-blocking socket, owned from here on.</param>
    /// <param name="maxFrameSize">The longest frame, in bytes.</param>
    /// <param name="statistics">Counts what is sent and what is refused for lack of room.</param>
    /// <param name="cutsRuns">The kernel cuts runs of datagrams apart (<see cref="DatagramRuns"/>).</param>
    protected DatagramSocket(
        Descriptor descriptor,
        int maxFrameSize,
        TransportStatistics statistics,
        bool cutsRuns = false
    )
    {
        Descriptor = descriptor;
        Outgoing = new DatagramSendBatch(maxFrameSize, cutsRuns);
        _statistics = statistics;
        _maxFrameSize = maxFrameSize;
    }

    public Descriptor Descriptor { get; }

    /// <summary>Where the socket is bound.</summary>
    public abstract EndPoint LocalEndPoint { get; }

    public DatagramSendBatch Outgoing { get; }

    /// <summary>Consecutive datagrams may be received as one (UDP_GRO, udp(7), Linux 5.0).</summary>
    public bool JoinsRuns { get; protected init; }

    /// <summary>Datagrams that the next receive call asks for.</summary>
    public int Burst { get; set; } = 1;

    /// <summary>Polls since the last datagram.</summary>
    public int QuietPolls { get; set; }

    /// <summary>The kernel's send buffer is full; EPOLLOUT reports when it has room again.</summary>
    public bool IsBlocked { get; private set; }

    /// <summary>Links were refused, and there is room now.</summary>
    public bool HasRefusedLinks => _refused.Count > 0 && Outgoing.HasFree;

    /// <summary>
    /// Adds the socket to an epoll instance. Its interest in EPOLLOUT follows <see cref="IsBlocked"/>.
    /// </summary>
    public void Watch(Epoll epoll, ulong token)
    {
        (_epoll, _token) = (epoll, token);
        epoll.Add(Descriptor.Number, LibC.EPOLLIN, token);
    }

    /// <summary>A slot for a frame; -1, counted as back-pressure, when there is none.</summary>
    public int Claim()
    {
        int slot = Outgoing.Claim();
        if (slot >= 0)
            return slot;
        Flush(); // staged frames may hold the slots although the kernel would take them
        slot = Outgoing.Claim();
        if (slot < 0)
            _statistics.Refused();
        return slot;
    }

    /// <summary>Has a link notified by <see cref="NotifyRefused"/>.</summary>
    public void AddRefused(DatagramLink link) => _refused.Add(link);

    /// <summary>A link has closed.</summary>
    public void Forget(DatagramLink link) => _refused.Remove(link);

    /// <summary>Notifies the refused links that there is room.</summary>
    public void NotifyRefused()
    {
        foreach (DatagramLink link in _refused)
            link.RoomAgain();
        _refused.Clear();
    }

    /// <summary>
    /// Sends staged frames until none is left or the kernel's buffer is full. A datagram refused for another reason is
    /// repeated once where that can help, then dropped and counted.
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

    /// <summary>Sends one datagram now, ahead of what is staged.</summary>
    /// <param name="frame">The payload; nothing is sent when it is empty or too long.</param>
    /// <param name="address">The raw socket address of the destination.</param>
    /// <param name="control">Control messages; may be empty.</param>
    /// <returns>Whether the kernel took it.</returns>
    public bool TrySend(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> address, ReadOnlySpan<byte> control)
    {
        if (frame.IsEmpty || frame.Length > _maxFrameSize)
            return false;
        fixed (byte* payload = frame)
        fixed (byte* name = address)
        fixed (byte* extra = control)
        {
            LibC.IoVector vector = new() { Base = payload, Length = (nuint)frame.Length };
            LibC.MessageHeader message = new()
            {
                Name = name,
                NameLength = (uint)address.Length,
                Vectors = &vector,
                VectorCount = 1,
                Control = extra,
                ControlLength = (nuint)control.Length,
            };
            bool repeated = false;
            while (LibC.SendMessage(Descriptor, &message, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL) < 0)
            {
                int error = LibC.LastError;
                if (error == Errno.EINTR)
                    continue;
                if (error == Errno.EAGAIN)
                    return false;
                repeated = SendFailed(repeated);
                if (!repeated)
                    return false;
            }
        }

        _statistics.Sent(1, frame.Length);
        return true;
    }

    /// <summary>Removes and counts the reports in the socket's error queue.</summary>
    /// <returns>Whether the socket has such a queue.</returns>
    public virtual bool DrainErrors() => false;

    public virtual void Dispose()
    {
        Descriptor.Dispose();
        Outgoing.Dispose();
        _refused.Clear();
    }

    /// <summary>Handles and counts a send that failed for another reason than lack of room.</summary>
    /// <param name="repeated">It is the second failure for this datagram.</param>
    /// <returns>Whether to repeat the datagram; otherwise it is dropped.</returns>
    protected abstract bool SendFailed(bool repeated);

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
            repeated = SendFailed(repeated);
            if (!repeated)
                Outgoing.Release(1);
        }
    }
}
