using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Rings;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// Frames in memory that both processes share. The socket stays: it carries the bells that wake a sleeping peer,
/// packets of one byte, and its end is the end of the link.
/// </summary>
/// <param name="socket">The UNIX socket over which the memory was agreed.</param>
/// <param name="incoming">The buffer that frames are copied to, shared with other channels.</param>
/// <param name="rings">The memory, released with the channel.</param>
/// <param name="statistics">Counts the bells.</param>
internal sealed unsafe class RingChannel(
    Descriptor socket,
    byte* incoming,
    RingPair rings,
    ConnectionStatistics statistics
) : FrameChannel(socket, LibC.SOCK_SEQPACKET)
{
    private bool _isStaged;
    private bool _mayHaveBells;
    private int _bellError;

    public override bool IsPolled => true;

    public override bool HasBuffered => rings.HasInput || _bellError != 0;

    public override bool HasRoomAgain => rings.HasRoom;

    public override bool IsStaged => _isStaged;

    public override void Open(int maxFrameSize) => MaxFrameSize = maxFrameSize;

    public override void Greet(ReadOnlySpan<byte> packet) =>
        throw new InvalidOperationException("The opening exchange is over.");

    public override byte* Claim(int length) => rings.Claim(length);

    public override SendStatus Send(int length, out int error)
    {
        error = 0;
        rings.Commit(length);
        _isStaged = true;
        return SendStatus.Sent;
    }

    public override SendStatus Continue(out int error)
    {
        error = 0;
        return SendStatus.Sent;
    }

    public override SendStatus Publish(out int error)
    {
        error = 0;
        _isStaged = false;
        return rings.Publish() ? Ring(out error) : SendStatus.Sent;
    }

    public override void OnReadable() => _mayHaveBells = true;

    public override bool Arm(bool waitsForRoom)
    {
        bool hasWork = rings.Arm(waitsForRoom, out bool mustWake);
        if (mustWake)
            Ring(out _); // on failure, the next read returns the error
        return hasWork || _bellError != 0;
    }

    public override void Disarm() => rings.Disarm();

    public override ReadStatus Read(out Span<byte> frame, out int error, out string? fault)
    {
        frame = default;
        error = 0;
        while (true)
        {
            int length = rings.Read(incoming);
            fault = rings.Fault;
            if (fault is not null)
                return ReadStatus.Violation;
            if (length > 0)
            {
                frame = new Span<byte>(incoming, length);
                return ReadStatus.Frame;
            }

            error = _bellError;
            if (error != 0)
                return ReadStatus.End;
            if (!_mayHaveBells)
                return ReadStatus.Nothing;
            ReadStatus status = ReadBell(out error, out fault);
            // What the peer published before it closed is there now; what it publishes later does not count.
            if (status == ReadStatus.End)
                rings.EndInput();
            if (status != ReadStatus.End || !rings.HasInput)
                return status;
        }
    }

    public override void SendNotice()
    {
        if (rings.Release())
            Ring(out _); // on failure, the next read returns the error
    }

    public override void Dispose()
    {
        base.Dispose();
        rings.Dispose();
    }

    private ReadStatus ReadBell(out int error, out string? fault)
    {
        byte* bell = stackalloc byte[1];
        fault = null;
        int length = Pull(bell, 1, LibC.MSG_TRUNC, out ReadStatus status, out error);
        if (status == ReadStatus.End)
            return status; // told again by the next call, if frames come first
        _mayHaveBells = false; // the descriptor shows a further one
        if (length == 0)
            return status;
        if (length == 1)
            return ReadStatus.Notice;
        fault = $"received a packet of {length} bytes beside the rings";
        return ReadStatus.Violation;
    }

    // Without room in the socket for it (EAGAIN), bells are waiting there already. Without memory for it the peer might
    // sleep on, so that the link ends.
    private SendStatus Ring(out int error)
    {
        byte* bell = stackalloc byte[1];
        *bell = 0;
        statistics.Rung();
        SendStatus status = Push(bell, 1, out _, out error);
        if (status == SendStatus.WaitsForSocket && error == Errno.EAGAIN)
            return SendStatus.Sent;
        if (status is SendStatus.WaitsForSocket or SendStatus.Failed)
            _bellError = error;
        return status == SendStatus.WaitsForSocket ? SendStatus.Failed : status;
    }
}
