namespace FastForward.Transport;

/// <summary>
/// One outgoing stream of messages to a node, made by <see cref="ForwardNode.OpenStream"/> or
/// <see cref="ForwardNode.OpenReply(in ReceivedMessage)"/>. Make it once per stream: sending through it allocates
/// nothing.
/// </summary>
/// <remarks>
/// <para>Not thread-safe: send, end and reset on the loop thread of the node only.</para>
/// <para>It holds no resource before its first message, and needs no disposal. A stream that was used is closed by
/// <see cref="SendOptions.End"/>, <see cref="End"/> or <see cref="Reset"/>, by the receiver, or with the association;
/// after that <see cref="Send"/> returns <see cref="SendStatus.StreamEnded"/>, unless a new association with the peer
/// has started: it starts the stream again. Open streams count towards
/// <see cref="ForwardNodeOptions.MaxStreams"/>.</para>
/// </remarks>
#pragma warning disable CA1711 // Not a System.IO.Stream: the protocol's term for an ordered sequence of messages.
public sealed class ForwardStream
#pragma warning restore CA1711
{
    private const long NoBudget = -1; // that of the node applies

    private readonly ForwardNode _owner;
    private long _budgetMicros = NoBudget; // one word: SendAsync reads it on any thread

    internal ForwardStream(ForwardNode owner, uint node, ulong id, MessageClass messageClass)
    {
        if (messageClass is not (MessageClass.RealTime or MessageClass.Reliable))
            throw new ArgumentOutOfRangeException(
                nameof(messageClass),
                messageClass,
                "A stream is Reliable or RealTime."
            );
        _owner = owner;
        Node = node;
        Id = id;
        Class = messageClass;
    }

    /// <summary>The node that opened the stream.</summary>
    internal ForwardNode Owner => _owner;

    /// <summary>The receiver.</summary>
    public uint Node { get; }

    /// <summary>
    /// The id of the stream towards <see cref="Node"/>: what <see cref="IForwardHandler.OnWritable"/> and
    /// <see cref="Undelivered.Stream"/> name, and what the receiver sees as <see cref="ReceivedMessage.Stream"/>.
    /// </summary>
    public ulong Id { get; }

    /// <summary>
    /// The id of the stream in the other direction: for requests, that of the peer's replies to this stream; for
    /// replies, that of the requests.
    /// </summary>
    public ulong OppositeId => ServiceId.OppositeStream(Id);

    /// <summary>The service and direction of the stream.</summary>
    public ServiceId Service => ServiceId.OfStream(Id);

    /// <summary>The delivery guarantee.</summary>
    public MessageClass Class { get; }

    /// <summary>
    /// How much later than the fastest message of its path a message of a real-time stream may arrive
    /// (<see cref="ForwardNodeOptions.RealTimeBudget"/>), 1 ms to 1 min. Null for that of the node. Zero for no limit:
    /// when the room for real-time messages is used up, the oldest message without a limit is dropped and reported, and
    /// at the receiver others wait for a missing one for 250 ms at most. Applies to the messages that are sent
    /// afterwards.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is out of range.</exception>
    /// <exception cref="InvalidOperationException">The stream is reliable: its messages do not expire.</exception>
    public TimeSpan? RealTimeBudget
    {
        get => BudgetMicros is { } micros ? TimeSpan.FromMicroseconds(micros) : null;
        set
        {
            if (Class != MessageClass.RealTime)
                throw new InvalidOperationException("The messages of a reliable stream do not expire.");
            if (value is { } budget && !ForwardNodeOptions.IsRealTimeBudget(budget))
                throw new ArgumentOutOfRangeException(
                    nameof(value),
                    budget,
                    "It is 1 ms to 1 min, 0 for no limit, or null for that of the node."
                );
            Volatile.Write(ref _budgetMicros, (long?)value?.TotalMicroseconds ?? NoBudget);
        }
    }

    /// <summary><see cref="RealTimeBudget"/> in microseconds. Thread-safe.</summary>
    internal long? BudgetMicros => Volatile.Read(ref _budgetMicros) is >= 0 and long micros ? micros : null;

    /// <summary>
    /// Sends a message. The payload is copied; the call never blocks. A message to the node's own id is delivered
    /// locally, from a later duty cycle.
    /// </summary>
    /// <param name="payload">The content; may be empty.</param>
    /// <param name="options">Extras.</param>
    /// <returns>Whether the message was accepted, and its sequence.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option does not exist.</exception>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public SendResult Send(ReadOnlySpan<byte> payload, SendOptions options = SendOptions.None) =>
        _owner.Send(Node, Id, Class, payload, options, BudgetMicros);

    /// <summary>Ends the stream after the messages sent so far.</summary>
    /// <returns>
    /// <see cref="SendStatus.Accepted"/>, or why there is nothing to end: <see cref="SendStatus.StreamEnded"/> also
    /// when nothing was sent on it.
    /// </returns>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public SendStatus End() => _owner.EndStream(Node, Id);

    /// <summary>
    /// Aborts the stream: messages that are not acknowledged are reported by
    /// <see cref="IForwardHandler.OnUndelivered"/>, and the receiver gets the code (<see cref="StreamEnd.Code"/>).
    /// </summary>
    /// <param name="code">A number that the application defines.</param>
    /// <returns>
    /// <see cref="SendStatus.Accepted"/>, or why there is nothing to reset: <see cref="SendStatus.StreamEnded"/> also
    /// when nothing was sent on it.
    /// </returns>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public SendStatus Reset(uint code = 0) => _owner.ResetStream(Node, Id, code);
}
