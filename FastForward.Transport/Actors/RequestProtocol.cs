using System.Buffers.Binary;

namespace FastForward.Transport.Actors;

/// <summary>
/// The convention of requests and replies over reliable streams: docs/protocol.md, "Requests and replies".
/// </summary>
internal static class RequestProtocol
{
    /// <summary>The code for a service that no actor of the node serves.</summary>
    public const uint NotServed = 2;

    /// <summary>The length of a refusal, which is its code.</summary>
    public const int RefusalSize = sizeof(uint);

    /// <summary>Whether a message is a request: the only message of a reliable stream.</summary>
    public static bool IsRequest(in ReceivedMessage message) =>
        message is { Class: MessageClass.Reliable, Sequence: 0, IsLast: true, Service.IsReply: false };

    /// <summary>Whether a message is a reply: the only message of its stream, of any content.</summary>
    public static bool IsReply(in ReceivedMessage message) => message is { Sequence: 0, IsLast: true };

    /// <summary>Whether a message is a refusal: a code, and not the last message of its stream.</summary>
    public static bool IsRefusal(in ReceivedMessage message) =>
        message is { Sequence: 0, IsLast: false, Payload.Length: RefusalSize };

    public static uint ReadCode(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt32LittleEndian(payload);

    public static void WriteCode(Span<byte> payload, uint code) =>
        BinaryPrimitives.WriteUInt32LittleEndian(payload, code);
}
