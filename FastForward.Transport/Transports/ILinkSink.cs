namespace FastForward.Transport.Transports;

/// <summary>
/// Where a transport delivers. All calls come on the loop thread, from inside <see cref="Loop.ILoopSource.Poll"/> of
/// the transport (or its Dispose, for the last <see cref="Closed"/> calls), and never while another callback of the
/// same transport runs: dispatch does not recurse. A sink does not throw.
/// </summary>
public interface ILinkSink
{
    /// <summary>
    /// The link is open and may be claimed. For a link from <see cref="IForwardTransport.Connect"/> or a connection
    /// that was accepted: once. For an adopted link: never, since <see cref="IForwardTransport.Adopt"/> returns it
    /// open.
    /// </summary>
    void Opened(IForwardLink link);

    /// <summary>A frame came in over an open link, from the link's own end point.</summary>
    /// <param name="link">The link.</param>
    /// <param name="frame">Private to this side, may be changed (decrypted) in place, dies with the call.</param>
    void Frame(IForwardLink link, Span<byte> frame);

    /// <summary>
    /// The frames that were at hand have been delivered. A receiver that answers per batch (acknowledgements) does it
    /// here. Called after each poll that delivered at least one <see cref="Frame"/>.
    /// </summary>
    void BatchEnd(IForwardTransport transport);

    /// <summary>A link that had answered <see cref="ClaimResult.BackPressured"/> takes frames again.</summary>
    void Writable(IForwardLink link);

    /// <summary>
    /// The link is gone. Exactly once for each link that Connect returned, Opened announced or Adopt returned.
    /// </summary>
    void Closed(IForwardLink link, LinkClosure closure);

    /// <summary>
    /// A frame on a medium without connections that fits no link: its index is unknown or 0, or its source is not the
    /// end point of the link with that index. No state was made for it. The sink may answer once with
    /// <see cref="IForwardTransport.TryAnswer"/>, or make a link with <see cref="IForwardTransport.Adopt"/>.
    /// </summary>
    /// <param name="transport">Where it came in.</param>
    /// <param name="source">Whom it came from; dies with the call.</param>
    /// <param name="frame">As in <see cref="Frame"/>.</param>
    void Stranger(IForwardTransport transport, in StrangerSource source, Span<byte> frame);
}
