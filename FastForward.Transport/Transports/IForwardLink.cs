using System.Net;

namespace FastForward.Transport.Transports;

/// <summary>
/// One way to one end point: a UDP address, a connected socket, a queue pair. A session's path runs over exactly one
/// link.
/// </summary>
/// <remarks>
/// <para><b>Sending</b> writes straight into memory of the medium: <see cref="TryClaim"/> hands out a span,
/// the caller fills some of it, then either <see cref="Commit"/> or <see cref="Abort"/> follows. At most one claim of a
/// link is open; claims of different links may be open at once. The span dies with Commit, Abort or Close. A committed
/// frame is <i>staged</i>; it leaves at the latest with <see cref="IForwardTransport.Flush"/>.</para>
/// <para><b>Threading.</b> All members belong to the loop thread. All may be called inside a sink's callback.</para>
/// </remarks>
public interface IForwardLink
{
    /// <summary>The transport that owns the link.</summary>
    IForwardTransport Transport { get; }

    /// <summary>
    /// The number under which this side knows the link, unique in the process and hard to guess. On media without
    /// connections each frame carries the receiver's number as a little-endian 32-bit word at offset 4, and that word,
    /// not the source address, finds the link; a frame on such a medium has 8 bytes or more. Never 0: a frame with 0
    /// there belongs to no link yet.
    /// </summary>
    uint Index { get; }

    /// <summary>What the medium promises. Constant once opened.</summary>
    LinkTraits Traits { get; }

    /// <summary>
    /// The far end, of the type that selected the transport. An accepted UNIX link shows the path it came in by: the
    /// connector has no name of its own. An accepted vSocket link shows the far machine with the port it came in by.
    /// </summary>
    EndPoint RemoteEndPoint { get; }

    /// <summary>True when the far end opened the link (accepted, or adopted from a stranger).</summary>
    bool IsInbound { get; }

    /// <summary>A place for the sink to find its own state again without a look-up. The transport never touches it.</summary>
    object? Owner { get; set; }

    /// <summary>Asks for room for one frame of up to <paramref name="length"/> bytes.</summary>
    /// <param name="length">The most the caller will write, 1..<see cref="LinkTraits.MaxFrameSize"/>.</param>
    /// <param name="span">Exactly <paramref name="length"/> bytes with undefined content, when granted.</param>
    /// <exception cref="InvalidOperationException">A claim of this link is open already: a defect of the caller.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is below 1: a defect of the caller.</exception>
    ClaimResult TryClaim(int length, out Span<byte> span);

    /// <summary>Stages the first <paramref name="length"/> bytes of the open claim as one frame.</summary>
    /// <param name="length">1..the claimed length.</param>
    /// <param name="realTime">The frame carries real-time payload: a medium that knows priorities (DSCP EF) marks it.</param>
    /// <exception cref="InvalidOperationException">No claim is open (Close ends it too), or the length is outside it; then the claim stays open.</exception>
    void Commit(int length, bool realTime);

    /// <summary>Gives the open claim back; nothing is sent.</summary>
    /// <exception cref="InvalidOperationException">No claim is open.</exception>
    void Abort();

    /// <summary>
    /// Ends the link. Staged frames are handed to the medium first, as far as it takes them without waiting.
    /// <see cref="ILinkSink.Closed"/> follows from a later poll, never from inside this call. Repeating it does nothing.
    /// </summary>
    void Close();
}
