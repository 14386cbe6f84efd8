using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport;

/// <summary>
/// One node of the network in this process: sends messages to node ids and receives them, over whichever medium the
/// routes choose. Confined to the thread of its loop.
/// </summary>
public sealed class ForwardNode : IDisposable
{
    /// <summary>Creates a node. It takes ownership of the transports.</summary>
    /// <param name="loop">The loop that drives the node.</param>
    /// <param name="options">Settings; the node id is the one without a default.</param>
    /// <param name="transports">The media to use, at most one of a kind.</param>
    /// <param name="routes">Where the other nodes are.</param>
    /// <param name="handler">Where events go.</param>
    /// <param name="logger">Where peer events and refusals are reported.</param>
    public ForwardNode(
        ForwardLoop loop,
        ForwardNodeOptions options,
        IEnumerable<IForwardTransport> transports,
        OverrideResolver routes,
        IForwardHandler handler,
        ILogger<ForwardNode>? logger = null)
    {
        throw new NotSupportedException();
    }

    /// <summary>The node's own id.</summary>
    public uint Id => throw new NotSupportedException();

    /// <summary>The transports that run, and why the others do not.</summary>
    public IReadOnlyDictionary<TransportKind, TransportAvailability> Transports => throw new NotSupportedException();

    /// <summary>Counters. Any thread may read them.</summary>
    public NodeStatistics Statistics => throw new NotSupportedException();

    /// <summary>Binds the transports that this machine can do and begins to connect to every routed node.</summary>
    /// <exception cref="TransportException">An end point cannot be had.</exception>
    public void Start() => throw new NotSupportedException();

    /// <summary>
    /// Sends a message. The payload is copied; the call never waits. The first message opens the stream and fixes its
    /// class. A send to the node's own id is delivered locally, from a later duty cycle.
    /// </summary>
    /// <param name="node">The receiver.</param>
    /// <param name="stream">A number the sender chose, never used before towards this node by this process.</param>
    /// <param name="messageClass">What the stream promises.</param>
    /// <param name="payload">The content; may be empty.</param>
    /// <param name="options">Extras.</param>
    public SendResult Send(uint node, ulong stream, MessageClass messageClass, ReadOnlySpan<byte> payload, SendOptions options = SendOptions.None) =>
        throw new NotSupportedException();

    /// <summary>Ends a stream after the messages sent so far. Its number is used up.</summary>
    public SendStatus EndStream(uint node, ulong stream) => throw new NotSupportedException();

    /// <summary>Gives a stream up: what is not acknowledged is reported as undelivered, and the receiver gets the code.</summary>
    public SendStatus ResetStream(uint node, ulong stream, uint code) => throw new NotSupportedException();

    /// <summary>What is known of a peer now; null when nothing is.</summary>
    public PeerStatus? GetPeer(uint node) => throw new NotSupportedException();

    /// <summary>What is known of all peers now.</summary>
    public IReadOnlyList<PeerStatus> GetPeers() => throw new NotSupportedException();

    /// <summary>
    /// Stops in order: nothing new is taken, reliable messages are drained within
    /// <see cref="ForwardNodeOptions.DrainLimit"/>, peers are told, transports closed. Call it on the loop thread; the
    /// loop must go on running until the task ends.
    /// </summary>
    public Task StopAsync() => throw new NotSupportedException();

    /// <summary>Stops at once: peers are told if their media take it without waiting; what is unacknowledged is reported.</summary>
    public void Dispose()
    {
    }
}
