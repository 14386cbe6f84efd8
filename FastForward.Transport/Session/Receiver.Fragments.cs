using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>Reassembly of fragmented messages, within the receive window.</content>
internal sealed partial class Receiver
{
    private long _partialBytes;

    private bool Fragment(long now, ReceiveStream stream, in MessageElement message)
    {
        int have = stream.PartialLength;
        int repeated = have - message.Offset; // after a change of path a message starts again at offset 0
        bool hasRoom =
            stream.Partial is not null || _partialBytes + WireFormat.MaxReliableMessage <= _options.ReceiveWindowBytes;
        if (repeated < 0 || !hasRoom)
        {
            Refuse(now, stream);
            return true;
        }

        if (stream.Partial is not { } partial)
        {
            stream.Partial = partial = _buffers.Rent(WireFormat.MaxReliableMessage);
            _partialBytes += WireFormat.MaxReliableMessage;
        }

        if (message.Payload.Length > repeated)
        {
            ReadOnlySpan<byte> fresh = message.Payload[repeated..];
            fresh.CopyTo(partial.AsSpan(have));
            stream.PartialLength = have + fresh.Length;
        }

        if (message.HasMore)
            return true;
        ReadOnlySpan<byte> payload = partial.AsSpan(0, stream.PartialLength);
        Detach(stream);
        bool isWithinCredit = Complete(now, stream, message.IsEnd, isMark: false, payload);
        _buffers.Return(partial);
        return isWithinCredit;
    }

    private void DropPartial(ReceiveStream stream)
    {
        if (stream.Partial is not { } partial)
            return;
        Detach(stream);
        _buffers.Return(partial);
    }

    private void Detach(ReceiveStream stream)
    {
        stream.Partial = null;
        stream.PartialLength = 0;
        _partialBytes -= WireFormat.MaxReliableMessage;
    }
}
