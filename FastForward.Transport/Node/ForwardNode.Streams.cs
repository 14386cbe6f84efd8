using FastForward.Transport.Node;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport;

public sealed partial class ForwardNode
{
    /// <summary>
    /// Opens a stream of messages to a node. Nothing is sent before the first message; the result of that send tells
    /// whether the node can be reached.
    /// </summary>
    /// <param name="node">The receiver; the own id sends locally.</param>
    /// <param name="messageClass">The delivery guarantee of the stream.</param>
    /// <param name="service">The service at the receiver; service 0 when omitted.</param>
    /// <returns>A stream with a new id, which this process does not reuse for any node.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="service"/> is the direction of replies: they are sent by
    /// <see cref="OpenReply(in ReceivedMessage)"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public ForwardStream OpenStream(uint node, MessageClass messageClass, ServiceId service = default)
    {
        Verify();
        if (service.IsReply)
            throw new ArgumentException(
                $"Service {service} is the direction of replies: open it by OpenReply, with the stream it replies to.",
                nameof(service)
            );
        return new ForwardStream(this, node, NewStreamId(service), messageClass);
    }

    /// <summary>
    /// Opens the stream of replies to the stream of a message, of the same class. Each request stream has one stream of
    /// replies: a second call returns another object for the same stream.
    /// </summary>
    /// <param name="request">A message of the stream to reply to.</param>
    /// <exception cref="ArgumentException">The message is a reply itself.</exception>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public ForwardStream OpenReply(in ReceivedMessage request) =>
        OpenReply(request.Node, request.Stream, request.Class);

    /// <summary>Opens the stream of replies to an incoming stream, of any class.</summary>
    /// <param name="node">The node that sent the requests.</param>
    /// <param name="requestStream">Its stream (<see cref="ReceivedMessage.Stream"/>).</param>
    /// <param name="messageClass">The delivery guarantee of the replies.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    /// <exception cref="ArgumentException">The stream is one of replies itself.</exception>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public ForwardStream OpenReply(uint node, ulong requestStream, MessageClass messageClass)
    {
        Verify();
        if (ServiceId.OfStream(requestStream).IsReply)
            throw new ArgumentException(
                "The stream carries replies: send on the request stream that they answer.",
                nameof(requestStream)
            );
        return new ForwardStream(this, node, ServiceId.OppositeStream(requestStream), messageClass);
    }

    /// <summary>An id that no stream of this node has used. Thread-safe.</summary>
    internal ulong NewStreamId(ServiceId service) => _streamNumbers.Next(service);

    /// <summary>
    /// Sends a message on a stream by its id. The caller must not reuse the id of an ended stream to the same node.
    /// </summary>
    internal SendResult Send(
        uint node,
        ulong stream,
        MessageClass messageClass,
        ReadOnlySpan<byte> payload,
        SendOptions options = SendOptions.None,
        long? realTimeBudget = null,
        long waited = 0
    )
    {
        Verify();
        if (messageClass is not (MessageClass.RealTime or MessageClass.Reliable))
            throw new ArgumentOutOfRangeException(
                nameof(messageClass),
                messageClass,
                "A stream is Reliable or RealTime."
            );
        if ((options & ~(SendOptions.End | SendOptions.Important)) != 0)
            throw new ArgumentOutOfRangeException(nameof(options), options, "The options are End and Important.");
        if (_stopping is not null)
            return new SendResult(SendStatus.Stopping, 0);
        int limit =
            messageClass == MessageClass.RealTime ? WireFormat.MaxRealTimeMessage : WireFormat.MaxReliableMessage;
        if (payload.Length > limit)
            return new SendResult(SendStatus.TooLarge, 0);
        bool end = (options & SendOptions.End) != 0;
        return node == _options.Node
            ? _local.Send(_loop.NowMicros, stream, messageClass, payload, end, realTimeBudget, waited)
            : Peers
                .Find(node)
                ?.Send(
                    _loop.NowMicros,
                    stream,
                    messageClass,
                    payload,
                    end,
                    (options & SendOptions.Important) != 0,
                    realTimeBudget,
                    waited
                )
                ?? new SendResult(SendStatus.UnknownNode, 0);
    }

    internal SendStatus EndStream(uint node, ulong stream)
    {
        Verify();
        if (_stopping is not null)
            return SendStatus.Stopping;
        return node == _options.Node
            ? _local.End(_loop.NowMicros, stream)
            : Peers.Find(node)?.EndStream(_loop.NowMicros, stream) ?? SendStatus.UnknownNode;
    }

    internal SendStatus ResetStream(uint node, ulong stream, uint code)
    {
        Verify();
        if (_stopping is not null)
            return SendStatus.Stopping;
        return node == _options.Node
            ? _local.Reset(_loop.NowMicros, stream, code)
            : Peers.Find(node)?.ResetStream(_loop.NowMicros, stream, code) ?? SendStatus.UnknownNode;
    }

    /// <summary>
    /// Refuses the rest of an incoming stream: further messages are dropped and the handler receives no more events of
    /// it. The sender's next message is answered with <see cref="SendStatus.StreamEnded"/>, and its undelivered
    /// messages are reported to it.
    /// </summary>
    /// <param name="node">The sender.</param>
    /// <param name="stream">The stream; it need not have started.</param>
    /// <returns>False when no route leads to the node.</returns>
    public bool RefuseStream(uint node, ulong stream)
    {
        Verify();
        if (node == _options.Node)
            _local.Refuse(_loop.NowMicros, stream);
        else if (Peers.Find(node) is { } peer)
            peer.RefuseStream(_loop.NowMicros, stream);
        else
            return false;
        return true;
    }

    /// <summary>
    /// Holds the credit of a message, for a handler that stores the message: otherwise the credit returns to the sender
    /// when <see cref="IForwardHandler.OnMessage"/> returns, and nothing bounds what a slow consumer stores. Must be
    /// called inside that callback, once per message; dispose the result when the message has been consumed.
    /// </summary>
    /// <remarks>
    /// A stream whose credit is held may have 256 KiB in flight, and all streams of a peer together
    /// <see cref="ForwardNodeOptions.ReceiveWindowBytes"/>; above that, until credit is released, sends return
    /// <see cref="SendStatus.BackPressured"/>. Real-time messages use no credit: the result holds nothing.
    /// </remarks>
    /// <param name="message">The message, inside the callback that delivers it.</param>
    /// <returns>The hold; disposing it releases the credit.</returns>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public CreditHold HoldCredit(in ReceivedMessage message)
    {
        Verify();
        if (message.Credit.Owner is null)
            return default;
        HoldCredit(message.Credit, message.Credit.Bytes);
        HeldCredit held = _releasedHolds.TryPop(out HeldCredit? free)
            ? free
            : new HeldCredit(this, _loop, _releasedHolds);
        return held.Hold(message.Credit);
    }

    /// <summary>Holds a part of a message's credit.</summary>
    internal void HoldCredit(in MessageCredit credit, int bytes)
    {
        Verify();
        credit.Owner?.Hold(credit.Stream!, bytes);
    }

    /// <summary>
    /// Returns a part of held credit to the sender. Does nothing when the stream or the association has ended.
    /// </summary>
    /// <exception cref="InvalidOperationException">More is returned than the stream holds.</exception>
    internal void ReleaseCredit(in MessageCredit credit, int bytes)
    {
        Verify();
        if (credit.Owner is null)
            return;
        if (credit.Node != _options.Node && Peers.Find(credit.Node) is { } peer)
            peer.ReleaseCredit(_loop.NowMicros, credit, bytes);
        else
            credit.Owner.Release(_loop.NowMicros, credit.Stream!, bytes);
    }

    /// <summary>
    /// Does not acknowledge a message yet, inside the callback that delivers it: <see cref="AcceptWithheld"/> or
    /// <see cref="Refuse"/> follows.
    /// </summary>
    internal static void Withhold(in ReceivedMessage message) =>
        message.Credit.Owner?.Withhold(message.Credit.Stream!, message.Sequence);

    /// <summary>Acknowledges the messages of a stream that were withheld.</summary>
    internal void AcceptWithheld(in MessageCredit credit)
    {
        Verify();
        if (credit.Node != _options.Node && Peers.Find(credit.Node) is { } peer)
            peer.AcceptWithheld(_loop.NowMicros, credit);
        else
            credit.Owner?.AcceptWithheld(_loop.NowMicros, credit.Stream!);
    }

    /// <summary>
    /// Refuses a reliable message that is being delivered or was withheld, and everything after it on its stream. The
    /// sender reports them as undelivered.
    /// </summary>
    internal void Refuse(in MessageCredit credit, ulong sequence)
    {
        Verify();
        if (credit.Owner is not null && credit.Node != _options.Node && Peers.Find(credit.Node) is { } peer)
            peer.Refuse(_loop.NowMicros, credit, sequence);
        else
            credit.Owner?.Refuse(_loop.NowMicros, credit.Stream!, sequence);
    }

    /// <summary>Whether the association that a message came from still exists. True for the default value.</summary>
    internal bool IsOfLivingAssociation(in MessageCredit credit) =>
        credit.Owner is null
        || credit.Node == _options.Node
        || ReferenceEquals(credit.Owner, Peers.Find(credit.Node)?.Association.Receiver);
}
