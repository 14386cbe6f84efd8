using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// Messages of a node to its own id. The sender and the receiver of one association exchange frames in memory, without
/// headers, so that streams follow the same rules as between nodes.
/// </summary>
internal sealed class LoopbackAssociation
{
    // Longer messages are fragmented, as between nodes. An element is limited to 64 KiB by its length field.
    private const int FrameSize = 32_768;

    private readonly PeerStatistics _statistics;
    private readonly Association _association;
    private readonly byte[] _messages = new byte[FrameSize];
    private readonly byte[] _answers = new byte[FrameSize];
    private int _read;
    private int _written;

    public LoopbackAssociation(
        SessionOptions options,
        ISessionEvents events,
        PeerStatistics statistics,
        MessageMemory memory
    )
    {
        _statistics = statistics;
        _association = new Association(options.Node, options, events, statistics, memory, new PeerHeldCredit());
    }

    /// <summary><see cref="Exchange"/> has messages or acknowledgements to move.</summary>
    public bool HasOutput => _read < _written || HasMessages || _association.Receiver.OutputDue != long.MaxValue;

    /// <inheritdoc cref="Sender.Send"/>
    public SendResult Send(
        long now,
        ulong stream,
        MessageClass messageClass,
        ReadOnlySpan<byte> payload,
        bool end,
        long? realTimeBudget = null,
        long waited = 0
    )
    {
        SendResult result = _association.Sender.Send(
            now,
            stream,
            messageClass,
            payload,
            end,
            isImportant: false, // nothing is lost here
            realTimeBudget,
            waited
        );
        if (result.IsAccepted)
            _statistics.Sent(payload.Length);
        return result;
    }

    public SendStatus End(long now, ulong stream) => _association.Sender.End(now, stream);

    public SendStatus Reset(long now, ulong stream, uint code) => _association.Sender.Reset(now, stream, code);

    /// <summary>The application accepts no more messages of a stream.</summary>
    public void Refuse(long now, ulong stream) => _association.Receiver.Refuse(now, stream);

    /// <summary>
    /// Moves messages to the receiver, at most one frame of them, and all acknowledgements back. Messages that the
    /// application sends from its callbacks are moved by a later call.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="budget">The most messages to deliver; the rest of the frame is left to the next call.</param>
    /// <returns>The number of elements that were moved.</returns>
    public int Exchange(long now, int budget)
    {
        if (_read == _written && HasMessages)
        {
            FrameBuilder messages = new(_messages, NoProtection.Instance, sent: null);
            if (_association.Sender.WriteRealTime(now, ref messages))
                _association.Sender.WriteReliable(ref messages);
            _read = 0;
            _written = messages.Writer.Length - WireFormat.DataHeader;
        }

        int moved = Read(now, _messages, _written, ref _read, budget);
        while (_association.Receiver.OutputDue != long.MaxValue)
        {
            FrameBuilder answers = new(_answers, NoProtection.Instance, sent: null);
            _association.Receiver.Write(ref answers);
            int read = 0;
            moved += Read(now, _answers, answers.Writer.Length - WireFormat.DataHeader, ref read, int.MaxValue);
        }

        return moved;
    }

    private bool HasMessages =>
        _association.Sender.HasRealTimeOutput
        || _association.Sender.HasRepeats
        || _association.Sender.HasReliableOutput;

    private int Read(long now, byte[] frame, int length, ref int position, int budget)
    {
        int elements = 0;
        ElementReader element = new(frame.AsSpan(WireFormat.DataHeader, length), position);
        while (elements < budget && element.Next())
        {
            elements++;
            position = element.Position; // before the callback, which may throw
            if (element.Type != ElementType.Message)
                _association.ReadStreamElement(now, element.Type, element.Body);
            else if (MessageElement.TryRead(element.Bits, element.Body, out MessageElement message))
                _association.Receiver.Message(now, message, new FrameArrival(IsOrdered: true, Excess: 0));
        }

        _association.OnFrameRead();

        return elements;
    }
}
