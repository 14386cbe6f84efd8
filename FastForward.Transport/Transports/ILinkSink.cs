namespace FastForward.Transport.Transports;

/// <summary>
/// Receives the events of a transport. All calls are made on the loop thread, from inside
/// <see cref="Loop.ILoopSource.Poll"/> of the transport (or its Dispose, for the last <see cref="Closed"/> calls), and
/// never while another callback of the same transport runs: dispatch does not recurse. A sink must not throw.
/// </summary>
public interface ILinkSink
{
    /// <summary>
    /// The link is open and may be claimed. Called once for a link from <see cref="IForwardTransport.Connect"/> or an
    /// accepted connection; not called for an adopted link, since <see cref="IForwardTransport.Adopt"/> returns it
    /// open.
    /// </summary>
    void Opened(IForwardLink link);

    /// <summary>A frame was received over an open link, from the link's remote end point.</summary>
    /// <param name="link">The link.</param>
    /// <param name="frame">The frame; the callee may modify it (decrypt in place). Valid during the call.</param>
    void Frame(IForwardLink link, Span<byte> frame);

    /// <summary>
    /// Called after each poll that delivered at least one <see cref="Frame"/>, so that a receiver can respond once per
    /// batch (acknowledgements).
    /// </summary>
    void BatchEnd(IForwardTransport transport);

    /// <summary>A link that had returned <see cref="ClaimResult.BackPressured"/> accepts frames again.</summary>
    void Writable(IForwardLink link);

    /// <summary>
    /// The link is closed. Called exactly once for each link that Connect or Adopt returned or Opened reported.
    /// </summary>
    void Closed(IForwardLink link, LinkClosure closure);

    /// <summary>
    /// A frame on a medium without connections that carries the index of an open link, but comes from another end point
    /// than the remote one: its sender has moved, as behind a translator that chose another port, or another one forges
    /// frames. The link stays where it is. The sink may respond once with <see cref="IForwardTransport.TryAnswer"/>, or
    /// have the link follow with <see cref="IForwardLink.Rebind"/>.
    /// </summary>
    /// <remarks>
    /// Not called for a source that the link can never have: a host-local link takes nothing that came over a wire, and
    /// a link whose credentials the kernel reports nothing of another machine. Such a frame is a stranger's.
    /// </remarks>
    /// <param name="link">The link with the index.</param>
    /// <param name="source">Its source. Valid during the call.</param>
    /// <param name="frame">As in <see cref="Frame"/>.</param>
    void Moved(IForwardLink link, in StrangerSource source, Span<byte> frame);

    /// <summary>
    /// A frame on a medium without connections that belongs to no link: its index is unknown or 0, or its source is one
    /// that the link with that index can never have (<see cref="Moved"/>). No state was created for it. The sink may
    /// respond once with <see cref="IForwardTransport.TryAnswer"/>, or create a link with
    /// <see cref="IForwardTransport.Adopt"/>.
    /// </summary>
    /// <param name="transport">The transport that received it.</param>
    /// <param name="source">Its source. Valid during the call.</param>
    /// <param name="frame">As in <see cref="Frame"/>.</param>
    void Stranger(IForwardTransport transport, in StrangerSource source, Span<byte> frame);
}
