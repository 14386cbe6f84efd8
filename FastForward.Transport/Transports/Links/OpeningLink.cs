using System.Net;
using FastForward.Transport.Loop;

namespace FastForward.Transport.Transports.Links;

/// <summary>A link that exchanges packets with its peer before it is open, for a limited time.</summary>
internal abstract class OpeningLink(
    IForwardTransport transport,
    ForwardLoop loop,
    DeferredEvents events,
    EndPoint remote,
    bool inbound,
    long openDeadline
) : TransportLink(transport, loop, events, remote, inbound)
{
    /// <summary>When the link must be open, by the clock of the loop.</summary>
    public long OpenDeadline { get; } = openDeadline;

    /// <summary>No event says when the next step can be tried, so it is repeated by timer.</summary>
    public virtual bool WaitsToRetry => false;

    /// <summary>Why the link has not opened, for a closure by time-out.</summary>
    public abstract string OpenTimeoutReason { get; }

    /// <summary>Where the peer is, as far as the medium shows it: who shares limits with whom.</summary>
    public abstract object? Origin { get; }

    /// <summary>Repeats the step that <see cref="WaitsToRetry"/> is about.</summary>
    public virtual void Retry() { }
}
