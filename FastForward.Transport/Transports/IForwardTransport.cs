using System.Net;
using FastForward.Transport.Loop;

namespace FastForward.Transport.Transports;

/// <summary>
/// Moves whole frames to and from links over one kind of medium, and nothing else: it knows no node ids, no keys, no
/// acknowledgements and no retries beyond what the medium does by itself.
/// </summary>
/// <remarks>
/// <para><b>Life.</b> One instance per kind and process. <see cref="CheckAvailability"/> may be asked at any time.
/// <see cref="Start"/> once, then the owner adds the transport to the loop as a source, takes it out again, and calls
/// <see cref="IDisposable.Dispose"/>, which closes every link (each with its <see cref="ILinkSink.Closed"/>) and
/// removes whatever the transport put into the file system. Dispose inside a callback ends all traffic at once; the
/// last Closed calls come when the running poll ends. A disposed transport connects no more: Connect throws
/// <see cref="ObjectDisposedException"/>, also inside those last Closed calls; its links answer
/// <see cref="ClaimResult.Closed"/>.</para>
/// <para><b>Threading.</b> Every member but CheckAvailability belongs to the loop thread.</para>
/// <para><b>Never blocking.</b> Connect, accept and flush never wait. Only <see cref="Start"/> may touch the file
/// system.</para>
/// <para><b>Cost.</b> In the steady state no frame allocates on the managed heap, in or out, and many frames share one
/// system call or doorbell.</para>
/// <para><b>Errors.</b> Conditions of the medium are results or <see cref="LinkClosure"/>s. Exceptions are left for
/// <see cref="Start"/> (<see cref="TransportException"/>) and for errors of the caller.</para>
/// </remarks>
public interface IForwardTransport : ILoopSource, IDisposable
{
    /// <summary>The kind of medium.</summary>
    TransportKind Kind { get; }

    /// <summary>Counters. Any thread may read them.</summary>
    TransportStatistics Statistics { get; }

    /// <summary>
    /// Whether this machine supports it. Reports what is missing instead of throwing.
    /// </summary>
    TransportAvailability CheckAvailability();

    /// <summary>Binds the local end point and begins to listen.</summary>
    /// <param name="loop">Clock and timers.</param>
    /// <param name="sink">Where events go.</param>
    /// <exception cref="TransportException">
    /// The end point cannot be bound; the message says which, why, and what to do.
    /// </exception>
    void Start(ForwardLoop loop, ILinkSink sink);

    /// <summary>Where the transport listens; empty before <see cref="Start"/>.</summary>
    IReadOnlyList<EndPoint> LocalEndPoints { get; }

    /// <summary>
    /// Begins to open a link. <see cref="ILinkSink.Opened"/> or, when it comes to nothing,
    /// <see cref="ILinkSink.Closed"/> follows from a later poll, never from inside this call.
    /// </summary>
    /// <param name="remote">An end point of the type this transport serves.</param>
    /// <exception cref="ArgumentException">
    /// The end point is of another type, or none to send to (port 0): an error of the caller.
    /// </exception>
    IForwardLink Connect(EndPoint remote);

    /// <summary>
    /// Makes a stranger's source a link of its own. Only for media without connections, only during
    /// <see cref="ILinkSink.Stranger"/>. The link is open when it is returned.
    /// </summary>
    /// <exception cref="NotSupportedException">
    /// The medium has connections: its strangers are accepted links.
    /// </exception>
    IForwardLink Adopt(in StrangerSource source);

    /// <summary>
    /// Sends one frame back to a stranger without keeping anything. Best effort; false when it could not be sent at
    /// once. The caller sees to it that an answer is never longer than what it answers.
    /// </summary>
    /// <exception cref="NotSupportedException">The medium has connections.</exception>
    bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame);

    /// <summary>
    /// Compares what the kernel vouches for about a peer's machine with the end points of that peer's routes. Media on
    /// which the kernel vouches for no machine answer null.
    /// </summary>
    /// <param name="routed">The end points of all routes of the peer, of any type; may be empty.</param>
    /// <param name="contextId">
    /// The context id of the peer's machine (<see cref="PeerCredentials.ContextId"/> or
    /// <see cref="StrangerSource.ContextId"/>); null when the kernel named none.
    /// </param>
    /// <returns>
    /// Null when the peer may be what its routes say; otherwise why not, as one clause for a log or a refusal.
    /// </returns>
    string? FindSourceMismatch(IReadOnlyList<EndPoint> routed, uint? contextId) => null;

    /// <summary>Hands all staged frames of all links to the medium, as far as it takes them without waiting.</summary>
    void Flush();

    /// <summary>
    /// Takes no new links from outside from now on; existing ones go on. First step of a clean end. On media with
    /// connections whoever connects is refused at once and what was opening from outside is dropped; on others
    /// strangers' frames are dropped and counted, also those of a peer whose address has changed.
    /// </summary>
    void StopAccepting();
}
