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
    /// The number by which this side knows the link: never 0, unique among the links of its transport, and on media
    /// without connections random, so that it cannot be guessed.
    /// </summary>
    /// <remarks>
    /// Every frame carries the receiver's number as a little-endian 32-bit word at offset 4. On media without
    /// connections that word, not the source address, finds the link: a frame there has 8 bytes or more, and 0 stands
    /// for no link yet.
    /// </remarks>
    uint Index { get; }

    /// <summary>What the medium promises. Constant once opened.</summary>
    LinkTraits Traits { get; }

    /// <summary>
    /// The remote end point, of the type that selected the transport. An accepted UNIX link shows the path it came in
    /// by: the connector has no name of its own. An accepted vSocket link shows the remote machine with the local port.
    /// </summary>
    EndPoint RemoteEndPoint { get; }

    /// <summary>Whether the remote side opened the link (accepted, or adopted from a stranger).</summary>
    bool IsInbound { get; }

    /// <summary>
    /// A place for the sink to find its own state again without a look-up. The transport never touches it.
    /// </summary>
    object? Owner { get; set; }

    /// <summary>Asks for room for one frame of up to <paramref name="length"/> bytes.</summary>
    /// <param name="length">The most the caller will write, 1..<see cref="LinkTraits.MaxFrameSize"/>.</param>
    /// <param name="span">Exactly <paramref name="length"/> bytes with undefined content, when granted.</param>
    /// <exception cref="InvalidOperationException">
    /// A claim of this link is open already: an error of the caller.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is below 1: an error of the caller.</exception>
    ClaimResult TryClaim(int length, out Span<byte> span);

    /// <summary>Stages the first <paramref name="length"/> bytes of the open claim as one frame.</summary>
    /// <param name="length">1..the claimed length.</param>
    /// <param name="realTime">
    /// The frame carries real-time payload: a medium that knows priorities (DSCP EF) marks it.
    /// </param>
    /// <exception cref="InvalidOperationException">
    /// No claim is open (Close ends it too), or the length is outside it; then the claim stays open.
    /// </exception>
    void Commit(int length, bool realTime);

    /// <summary>Returns the open claim; nothing is sent.</summary>
    /// <exception cref="InvalidOperationException">No claim is open.</exception>
    void Abort();

    /// <summary>
    /// Ends the link. Staged frames are handed to the medium first, as far as it takes them without waiting.
    /// <see cref="ILinkSink.Closed"/> follows from a later poll, never from inside this call. Repeating it does
    /// nothing.
    /// </summary>
    void Close();
}
