using System.Net;
using FastForward.Transport.Loop;

namespace FastForward.Transport.Transports;

/// <summary>
/// Moves whole frames to and from links over one kind of medium. Node ids, keys, acknowledgements and retransmission
/// belong to the session.
/// </summary>
/// <remarks>
/// <para><b>Lifetime.</b> One instance per kind and process. <see cref="CheckAvailability"/> may be called at any time.
/// The owner calls <see cref="Start"/> once, adds the transport to the loop as a source, later removes it, and calls
/// <see cref="IDisposable.Dispose"/>, which closes every link (each with its <see cref="ILinkSink.Closed"/>) and
/// removes the files that the transport created. Dispose inside a callback ends all traffic at once; the last Closed
/// calls are made when the running poll ends. After disposal Connect throws <see cref="ObjectDisposedException"/>, also
/// inside those last Closed calls, and the links return <see cref="ClaimResult.Closed"/>.</para>
/// <para><b>Threading.</b> Every member except CheckAvailability must be called on the loop thread.</para>
/// <para><b>Blocking.</b> Connect, accept and flush never block. Only <see cref="Start"/> may access the file
/// system.</para>
/// <para><b>Cost.</b> In the steady state no frame allocates on the managed heap, in either direction, and many frames
/// share one system call or doorbell.</para>
/// <para><b>Errors.</b> Conditions of the medium are results or <see cref="LinkClosure"/>s. Exceptions are thrown only
/// by <see cref="Start"/> (<see cref="TransportException"/>) and for errors of the caller.</para>
/// </remarks>
public interface IForwardTransport : ILoopSource, IDisposable
{
    /// <summary>The kind of medium.</summary>
    TransportKind Kind { get; }

    /// <summary>Counters. Any thread may read them.</summary>
    TransportStatistics Statistics { get; }

    /// <summary>
    /// Whether this machine supports the transport. Reports what is missing instead of throwing.
    /// </summary>
    TransportAvailability CheckAvailability();

    /// <summary>Binds the local end point and starts to listen.</summary>
    /// <param name="loop">The loop that provides clock and timers.</param>
    /// <param name="sink">Receives the events.</param>
    /// <exception cref="TransportException">
    /// The end point cannot be bound; the message names it, the reason, and the remedy.
    /// </exception>
    void Start(ForwardLoop loop, ILinkSink sink);

    /// <summary>Where the transport listens; empty before <see cref="Start"/>.</summary>
    IReadOnlyList<EndPoint> LocalEndPoints { get; }

    /// <summary>
    /// Starts to open a link. <see cref="ILinkSink.Opened"/> or, on failure, <see cref="ILinkSink.Closed"/> is called
    /// from a later poll, never from inside this call.
    /// </summary>
    /// <param name="remote">An end point of the type this transport serves.</param>
    /// <param name="local">
    /// The one of <see cref="LocalEndPoints"/> to connect from, on a medium where one of several can be chosen; null to
    /// leave it to the transport.
    /// </param>
    /// <exception cref="ArgumentException">
    /// An end point is of another type, the remote one is no destination (port 0), or there is no choice of a local
    /// one.
    /// </exception>
    IForwardLink Connect(EndPoint remote, EndPoint? local = null);

    /// <summary>
    /// Creates a link to the source of an unknown frame. Only for media without connections, only during
    /// <see cref="ILinkSink.Stranger"/>. The returned link is open.
    /// </summary>
    /// <exception cref="NotSupportedException">
    /// The medium has connections: its inbound links are accepted.
    /// </exception>
    IForwardLink Adopt(in StrangerSource source);

    /// <summary>
    /// Sends one frame to the source of an unknown frame, or of one from elsewhere
    /// (<see cref="ILinkSink.Moved"/>), without creating state. Best effort; false when it could not
    /// be sent at once. The caller must not send more bytes than it received, to avoid traffic amplification.
    /// </summary>
    /// <exception cref="NotSupportedException">The medium has connections.</exception>
    bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame);

    /// <summary>
    /// Compares the user or machine that the kernel reports for a peer with what routes and options say of its node.
    /// Media on which the kernel identifies neither return null.
    /// </summary>
    /// <param name="node">The peer's node id.</param>
    /// <param name="routed">The end points of all routes of the peer, of any type; may be empty.</param>
    /// <param name="userId">
    /// The user id of the peer's process (<see cref="PeerCredentials.UserId"/>); null when the kernel reported none.
    /// </param>
    /// <param name="contextId">
    /// The context id of the peer's machine (<see cref="PeerCredentials.ContextId"/> or
    /// <see cref="StrangerSource.ContextId"/>); null when the kernel reported none.
    /// </param>
    /// <returns>
    /// Null when the source may be this node; otherwise the mismatch, as one clause for a log or a refusal.
    /// </returns>
    string? FindSourceMismatch(uint node, IReadOnlyList<EndPoint> routed, uint? userId, uint? contextId) => null;

    /// <summary>
    /// Passes all staged frames of all links to the medium, as far as it accepts them without blocking.
    /// </summary>
    void Flush();

    /// <summary>
    /// Accepts no new inbound links from now on; existing links are not affected. The first step of an orderly stop. On
    /// media with connections, new connections are refused and inbound ones that are still opening are dropped; on
    /// others, frames that match no link are dropped and counted; those of a link whose peer has moved are still shown.
    /// </summary>
    void StopAccepting();
}
