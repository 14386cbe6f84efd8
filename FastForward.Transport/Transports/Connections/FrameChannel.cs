using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Connections;

/// <summary>A connected socket that moves whole frames: how they keep their boundaries, and the memory they leave from.</summary>
internal abstract unsafe class FrameChannel(Descriptor socket, int type) : IDisposable
{
    /// <summary>Bytes that some channels put before a frame.</summary>
    public const int PrefixLength = sizeof(uint);

    private const int Alignment = 64;

    private byte* _memory;

    public Descriptor Socket { get; } = socket;

    /// <summary>SOCK_SEQPACKET or SOCK_STREAM.</summary>
    public int Type { get; } = type;

    /// <summary>The longest frame taken from the far end.</summary>
    public int MaxFrameSize { get; private set; } = OpeningPacket.LongestOfAnyVersion;

    /// <summary>A whole frame is here that no descriptor shows.</summary>
    public virtual bool HasBuffered => false;

    /// <summary>After <see cref="SendStatus.WaitsForPeer"/>: there is room now.</summary>
    public virtual bool MayContinue => false;

    /// <summary>Where a frame is written; null until <see cref="Open"/>.</summary>
    public byte* Outgoing => _memory == null ? null : _memory + Alignment;

    /// <summary>The frame that is on its way out; 0 when none is.</summary>
    public int Pending { get; protected set; }

    /// <summary>What became of a frame.</summary>
    public enum SendStatus
    {
        /// <summary>The kernel has it.</summary>
        Sent,

        /// <summary>It waits until the socket has room.</summary>
        WaitsForSocket,

        /// <summary>It waits until the far end has made room, which a later <see cref="Read"/> tells.</summary>
        WaitsForPeer,

        /// <summary>The connection takes nothing more.</summary>
        Broken,

        /// <summary>An errno of another kind.</summary>
        Failed,
    }

    /// <summary>What a look for a frame found.</summary>
    public enum ReadStatus
    {
        /// <summary>A frame.</summary>
        Frame,

        /// <summary>Nothing yet.</summary>
        Nothing,

        /// <summary>Something for the channel itself: there may be more.</summary>
        Notice,

        /// <summary>The far end broke the rules.</summary>
        Violation,

        /// <summary>The end of the connection, or an errno.</summary>
        End,
    }

    /// <summary>The opening exchange is over: frames of this size are to be had and taken.</summary>
    public void Open(int maxFrameSize)
    {
        MaxFrameSize = maxFrameSize;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(Alignment + maxFrameSize), Alignment);
    }

    /// <summary>Sends the opening packet, as far as the kernel takes it.</summary>
    public abstract void Greet(ReadOnlySpan<byte> packet);

    /// <summary>Sends the first bytes of <see cref="Outgoing"/> as a frame.</summary>
    public SendStatus Send(int length, out int error)
    {
        Pending = length;
        return Continue(out error);
    }

    /// <summary>Goes on with the frame that is pending; it stays so while it waits.</summary>
    public abstract SendStatus Continue(out int error);

    /// <summary>Looks for one frame.</summary>
    /// <param name="frame">The frame, valid until the next call.</param>
    /// <param name="error">With <see cref="ReadStatus.End"/>: errno, or 0 for an orderly end.</param>
    /// <param name="fault">With <see cref="ReadStatus.Violation"/>: what is wrong.</param>
    public abstract ReadStatus Read(out Span<byte> frame, out int error, out string? fault);

    /// <summary>Frames have been read and answered: what the channel itself owes the far end may follow.</summary>
    public virtual void Settle() { }

    /// <summary>Gives the pending frame up.</summary>
    public void Drop() => Pending = 0;

    /// <summary>Closes the socket. The memory stays until <see cref="Dispose"/>, for a frame may be read in it.</summary>
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
