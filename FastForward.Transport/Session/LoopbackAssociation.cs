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
    private readonly byte[] _frame = new byte[FrameSize];

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
    public bool HasOutput =>
        _association.Sender.HasOutput(reliable: true) || _association.Receiver.OutputDue != long.MaxValue;

    public SendResult Send(long now, ulong stream, MessageClass messageClass, ReadOnlySpan<byte> payload, bool end)
    {
        SendResult result = _association.Sender.Send(now, stream, messageClass, payload, end);
        if (result.IsAccepted)
            _statistics.Sent(payload.Length);
        return result;
    }

    public SendStatus End(long now, ulong stream) => _association.Sender.End(now, stream);

    public SendStatus Reset(long now, ulong stream, uint code) => _association.Sender.Reset(now, stream, code);

    /// <summary>The application accepts no more messages of a stream.</summary>
    public void Refuse(long now, ulong stream) => _association.Receiver.Refuse(now, stream);

    /// <summary>
    /// Moves one frame of messages to the receiver, and all acknowledgements back. Messages that the application sends
    /// from its callbacks are moved by the next call.
    /// </summary>
    /// <returns>The number of elements that were moved.</returns>
    public int Exchange(long now)
    {
        int moved = 0;
        if (_association.Sender.HasOutput(reliable: true))
        {
            FrameWriter messages = new(_frame);
            _association.Sender.Write(now, reliable: true, ref messages);
            moved = Read(now, messages.Length);
        }

        while (_association.Receiver.OutputDue != long.MaxValue)
        {
            FrameWriter answers = new(_frame);
            _association.Receiver.Write(ref answers);
            moved += Read(now, answers.Length);
        }

        return moved;
    }

    private int Read(long now, int length)
    {
        int elements = 0;
        ElementReader element = new(_frame.AsSpan(WireFormat.DataHeader..length));
        while (element.Next())
        {
            elements++;
            if (element.Type != ElementType.Message)
                _association.ReadStreamElement(now, element.Type, element.Body, reliablePath: true);
            else if (MessageElement.TryRead(element.Bits, element.Body, out MessageElement message))
                _association.Receiver.Message(now, message, reliablePath: true);
        }

        return elements;
    }
}
