using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// A socket that moves whole frames over a connection: how they are delimited, and the buffer they are sent from.
/// </summary>
internal abstract unsafe class FrameChannel(Descriptor socket, int type) : IDisposable
{
    /// <summary>The bytes that some channels put before a frame.</summary>
    public const int PrefixLength = sizeof(uint);

    private const int Alignment = 64;

    private byte* _memory;

    public Descriptor Socket { get; } = socket;

    /// <summary>SOCK_SEQPACKET or SOCK_STREAM.</summary>
    public int Type { get; } = type;

    /// <summary>The longest frame accepted from the peer.</summary>
    public int MaxFrameSize { get; protected set; } = OpeningPacket.LongestOfAnyVersion;

    /// <summary>A whole frame has been read that no descriptor shows.</summary>
    public virtual bool HasBuffered => false;

    /// <summary>After <see cref="SendStatus.WaitsForPeer"/>: the peer has room now.</summary>
    public virtual bool MayContinue => false;

    /// <summary>Frames arrive without the kernel's knowledge: the channel must be read in every poll.</summary>
    public virtual bool IsPolled => false;

    /// <summary>A claim that found no room would find some now. Known without the kernel.</summary>
    public virtual bool HasRoomAgain => false;

    /// <summary>Frames were sent that only <see cref="Publish"/> shows to the peer.</summary>
    public virtual bool IsStaged => false;

    /// <summary>Where a frame is written; null until <see cref="Open"/>.</summary>
    protected byte* Outgoing => _memory == null ? null : _memory + Alignment;

    /// <summary>The length of the frame that is being sent; 0 when there is none.</summary>
    public int Pending { get; protected set; }

    /// <summary>The result of sending a frame.</summary>
    public enum SendStatus
    {
        /// <summary>The kernel took it.</summary>
        Sent,

        /// <summary>It waits until the socket has room (EPOLLOUT).</summary>
        WaitsForSocket,

        /// <summary>It waits until the peer has room, which a later <see cref="Read"/> reports.</summary>
        WaitsForPeer,

        /// <summary>The connection is broken.</summary>
        Broken,

        /// <summary>Another errno.</summary>
        Failed,
    }

    /// <summary>The result of reading.</summary>
    public enum ReadStatus
    {
        /// <summary>A frame.</summary>
        Frame,

        /// <summary>Nothing yet.</summary>
        Nothing,

        /// <summary>A packet for the channel itself; frames may follow.</summary>
        Notice,

        /// <summary>The peer violated the framing.</summary>
        Violation,

        /// <summary>The end of the connection, or an errno.</summary>
        End,
    }

    /// <summary>The opening exchange has ended: frames may be sent and received.</summary>
    /// <param name="maxFrameSize">The longest frame agreed on, in bytes.</param>
    public virtual void Open(int maxFrameSize)
    {
        MaxFrameSize = maxFrameSize;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(Alignment + maxFrameSize), Alignment);
    }

    /// <summary>Sends the opening packet, as far as the kernel takes it.</summary>
    public abstract void Greet(ReadOnlySpan<byte> packet);

    /// <summary>Where a frame of up to <paramref name="length"/> bytes is written; null without room.</summary>
    public virtual byte* Claim(int length) => Pending == 0 ? Outgoing : null;

    /// <summary>Sends the first bytes of what was claimed as a frame.</summary>
    public virtual SendStatus Send(int length, out int error)
    {
        Pending = length;
        return Continue(out error);
    }

    /// <summary>Continues to send the pending frame, which remains pending while it waits.</summary>
    public abstract SendStatus Continue(out int error);

    /// <summary>Shows the peer what is staged, and wakes it if it sleeps.</summary>
    public virtual SendStatus Publish(out int error)
    {
        error = 0;
        return SendStatus.Sent;
    }

    /// <summary>The socket is readable, or has ended.</summary>
    public virtual void OnReadable() { }

    /// <summary>The loop is about to sleep.</summary>
    /// <param name="waitsForRoom">A claim found no room.</param>
    /// <returns>Whether there is work already.</returns>
    public virtual bool Arm(bool waitsForRoom) => false;

    /// <summary>The loop is awake.</summary>
    public virtual void Disarm() { }

    /// <summary>Reads one frame, without waiting.</summary>
    /// <param name="frame">The frame, valid until the next call.</param>
    /// <param name="error">With <see cref="ReadStatus.End"/>: errno, or 0 for an orderly end.</param>
    /// <param name="fault">With <see cref="ReadStatus.Violation"/>: what is wrong.</param>
    public abstract ReadStatus Read(out Span<byte> frame, out int error, out string? fault);

    /// <summary>
    /// Called after frames have been read: sends the channel's own packet to the peer when one is due.
    /// </summary>
    public virtual void SendNotice() { }

    /// <summary>Drops the pending frame.</summary>
    public void Drop() => Pending = 0;

    /// <summary>
    /// Closes the socket. The memory remains until <see cref="Dispose"/>, because a frame in it may be in use.
    /// </summary>
    public void Close() => Socket.Dispose();

    public virtual void Dispose()
    {
        Close();
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    /// <summary>send(2), repeated when a signal interrupts it.</summary>
    protected SendStatus Push(byte* start, int length, out int sent, out int error)
    {
        error = 0;
        while (true)
        {
            sent = (int)LibC.Send(Socket, start, (nuint)length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
            if (sent >= 0)
                return SendStatus.Sent;
            error = LibC.LastError;
            if (error == Errno.EINTR)
                continue;
            return error switch
            {
                Errno.EAGAIN or Errno.ENOBUFS => SendStatus.WaitsForSocket,
                Errno.EPIPE or Errno.ECONNRESET or Errno.ENOTCONN => SendStatus.Broken,
                _ => SendStatus.Failed,
            };
        }
    }

    /// <summary>recv(2), repeated when a signal interrupts it.</summary>
    /// <returns>The length, or 0 with <see cref="ReadStatus.Nothing"/> or <see cref="ReadStatus.End"/>.</returns>
    protected int Pull(byte* start, int room, int flags, out ReadStatus status, out int error)
    {
        while (true)
        {
            nint length = LibC.Receive(Socket, start, (nuint)room, LibC.MSG_DONTWAIT | flags);
            error = length < 0 ? LibC.LastError : 0;
            if (error == Errno.EINTR)
                continue;
            status =
                length > 0 ? ReadStatus.Frame
                : error == Errno.EAGAIN ? ReadStatus.Nothing
                : ReadStatus.End;
            return (int)Math.Max(length, 0);
        }
    }
}
