using System.Net;

namespace FastForward.Transport.Transports;

/// <summary>
/// A connection or address pair to one remote end point: a UDP address, a connected socket, a queue pair. A session
/// path uses exactly one link.
/// </summary>
/// <remarks>
/// <para><b>Sending</b> writes directly into memory of the medium: <see cref="TryClaim"/> returns a span, the caller
/// fills all or part of it, then calls either <see cref="Commit"/> or <see cref="Abort"/>. At most one claim of a link
/// is open; claims of different links may be open at once. The span is invalid after Commit, Abort or Close. A
/// committed frame is <i>staged</i>; it is sent by the next <see cref="IForwardTransport.Flush"/> at the latest.</para>
/// <para><b>Threading.</b> All members must be called on the loop thread; all may be called inside a callback of the
/// sink.</para>
/// </remarks>
public interface IForwardLink
{
    /// <summary>The transport that owns the link.</summary>
    IForwardTransport Transport { get; }

    /// <summary>
    /// The number that identifies the link on this side: never 0, unique among the links of its transport, and random
    /// on media without connections, so that it cannot be guessed.
    /// </summary>
    /// <remarks>
    /// Every frame carries the receiver's number as a little-endian 32-bit word at offset 4. On media without
    /// connections the link is looked up by that word, not by the source address: a frame there has at least 8 bytes,
    /// and 0 means that there is no link yet.
    /// </remarks>
    uint Index { get; }

    /// <summary>The guarantees and limits of the medium. Constant once the link is open.</summary>
    LinkTraits Traits { get; }

    /// <summary>
    /// The remote end point, of the type that selected the transport. An accepted UNIX link has the path of the
    /// listener, since the connecting socket has no name. An accepted vSocket link has the context id of the remote
    /// machine and the local port. Only <see cref="Rebind"/> changes it.
    /// </summary>
    EndPoint RemoteEndPoint { get; }

    /// <summary>
    /// The local end point; null where the medium has no name for it, and while it is not known: a link over a socket
    /// for all addresses learns its own with the first frame.
    /// </summary>
    EndPoint? LocalEndPoint => null;

    /// <summary>Whether the remote side opened the link (accepted, or adopted from an unknown source).</summary>
    bool IsInbound { get; }

    /// <summary>
    /// State that the sink attaches to the link, to avoid a lookup. The transport does not use it.
    /// </summary>
    object? Owner { get; set; }

    /// <summary>Requests room for one frame of up to <paramref name="length"/> bytes.</summary>
    /// <param name="length">
    /// The largest number of bytes the caller will write, 1..<see cref="LinkTraits.MaxFrameSize"/>.
    /// </param>
    /// <param name="span">Exactly <paramref name="length"/> bytes with undefined content, when granted.</param>
    /// <exception cref="InvalidOperationException">
    /// A claim of this link is already open.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is below 1.</exception>
    ClaimResult TryClaim(int length, out Span<byte> span);

    /// <summary>Stages the first <paramref name="length"/> bytes of the open claim as one frame.</summary>
    /// <param name="length">1..the claimed length.</param>
    /// <param name="realTime">
    /// The frame carries real-time payload: a medium with priorities (DSCP EF) marks it.
    /// </param>
    /// <exception cref="InvalidOperationException">
    /// No claim is open (Close also ends it), or the length is out of range; in the latter case the claim stays open.
    /// </exception>
    void Commit(int length, bool realTime);

    /// <summary>Returns the open claim; nothing is sent.</summary>
    /// <exception cref="InvalidOperationException">No claim is open.</exception>
    void Abort();

    /// <summary>
    /// Makes the source of a frame the remote end point: frames that are committed from here on go there, and its
    /// frames are those of the link. Index, traits and what is staged stay as they are. Only on media without
    /// connections, and only during <see cref="ILinkSink.Moved"/> for this link, with its source. Without effect on a
    /// link that is no longer open.
    /// </summary>
    /// <exception cref="NotSupportedException">The medium has connections.</exception>
    void Rebind(in StrangerSource source) => throw new NotSupportedException("A connection has no other remote side.");

    /// <summary>
    /// Closes the link. Staged frames are passed to the medium first, as far as it accepts them without blocking.
    /// <see cref="ILinkSink.Closed"/> is called from a later poll, never from inside this call. Idempotent.
    /// </summary>
    void Close();
}
