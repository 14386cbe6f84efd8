using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Simulation;

/// <summary>A frame in words, for traces.</summary>
internal static class FrameText
{
    /// <param name="frame">The frame.</param>
    /// <param name="isSealed">Nothing is known of its elements.</param>
    public static string Of(ReadOnlySpan<byte> frame, bool isSealed = false)
    {
        if (frame.Length < WireFormat.CommonHeader)
            return $"{frame.Length} bytes";
        if (frame[1] != (byte)FrameType.Data || frame.Length < WireFormat.DataHeader)
            return $"{(FrameType)frame[1]}";
        if (isSealed)
            return $"{frame.Length} sealed bytes";
        StringBuilder text = new();
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]);
        text.Append(CultureInfo.InvariantCulture, $"#{number}");
        ElementReader element = new(frame[WireFormat.DataHeader..]);
        while (element.Next())
            text.Append(' ').Append(Of(element));
        return text.ToString();
    }

    private static string Of(in ElementReader element)
    {
        ReadOnlySpan<byte> body = element.Body;
        if (element.Type == ElementType.Ack && body.Length >= 12)
            return $"Ack({BinaryPrimitives.ReadUInt64LittleEndian(body)})";
        if (element.Type != ElementType.Message || body.Length < 12)
            return element.Type.ToString();
        MessageBits bits = (MessageBits)element.Bits;
        ulong stream = BinaryPrimitives.ReadUInt64LittleEndian(body);
        uint sequence = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        return $"Message({stream}/{sequence}{(bits == MessageBits.None ? "" : $" {bits}")})";
    }
}
