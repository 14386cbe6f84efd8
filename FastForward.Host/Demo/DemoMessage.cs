using System.Buffers.Binary;

namespace FastForward.Host.Demo;

/// <summary>
/// The messages of the demo: as long as the DMRD datagrams of MMDVM Homebrew (55 bytes with a whole burst of 33), with
/// a layout of their own. Every byte follows from the call and the sequence, so that a receiver can check all of them.
/// </summary>
/// <remarks>
/// <code>
///  0  4  'F' 'F' 'D' 'M'
///  4  1  kind (DemoMessageKind)
///  5  1  burst 'A'..'F' of a superframe, 0 for other kinds
///  6  4  call, little-endian
/// 10  4  sequence within the call, little-endian, from 0
/// 14  4  source id, little-endian
/// 18  4  destination id, little-endian
/// 22  .. content: 33 bytes of a burst, or those of a data message
/// </code>
/// </remarks>
internal static class DemoMessage
{
    /// <summary>Bytes before the content.</summary>
    public const int HeaderSize = 22;

    /// <summary>The length of every message of a voice call.</summary>
    public const int VoiceSize = HeaderSize + 33;

    private const uint Signature = 0x4D444646; // "FFDM"

    /// <summary>Fills <paramref name="message"/>; its length decides how much content there is.</summary>
    public static void Write(Span<byte> message, DemoMessageKind kind, byte burst, uint call, uint sequence)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(message, Signature);
        message[4] = (byte)kind;
        message[5] = burst;
        BinaryPrimitives.WriteUInt32LittleEndian(message[6..], call);
        BinaryPrimitives.WriteUInt32LittleEndian(message[10..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(message[14..], 2_500_000 + (call % 1000));
        BinaryPrimitives.WriteUInt32LittleEndian(message[18..], 91 + (call % 7));
        for (int i = HeaderSize; i < message.Length; i++)
            message[i] = Content(call, sequence, i);
    }

    /// <summary>Reads a message and checks every byte but kind and burst against the call it came on.</summary>
    /// <returns>False when anything in it is not as it was written.</returns>
    public static bool TryRead(ReadOnlySpan<byte> message, uint call, out uint sequence)
    {
        sequence = 0;
        if (message.Length < HeaderSize || BinaryPrimitives.ReadUInt32LittleEndian(message) != Signature)
            return false;
        sequence = BinaryPrimitives.ReadUInt32LittleEndian(message[10..]);
        if (
            !HasKnownKind(message)
            || BinaryPrimitives.ReadUInt32LittleEndian(message[6..]) != call
            || BinaryPrimitives.ReadUInt32LittleEndian(message[14..]) != 2_500_000 + (call % 1000)
            || BinaryPrimitives.ReadUInt32LittleEndian(message[18..]) != 91 + (call % 7)
        )
            return false;
        for (int i = HeaderSize; i < message.Length; i++)
        {
            if (message[i] != Content(call, sequence, i))
                return false;
        }

        return true;
    }

    private static bool HasKnownKind(ReadOnlySpan<byte> message) =>
        (DemoMessageKind)message[4] switch
        {
            DemoMessageKind.Voice => message.Length == VoiceSize && message[5] is >= (byte)'A' and <= (byte)'F',
            DemoMessageKind.Header or DemoMessageKind.Terminator => message.Length == VoiceSize && message[5] == 0,
            DemoMessageKind.Data => message[5] == 0,
            _ => false,
        };

    /// <summary>A mixer (the finish of MurmurHash3): neighbours in call, sequence or place share nothing.</summary>
    private static byte Content(uint call, uint sequence, int place)
    {
        uint mixed = (call * 0x9E3779B1) ^ (sequence * 0x85EBCA77) ^ ((uint)place * 0xC2B2AE3D);
        mixed = (mixed ^ (mixed >> 16)) * 0x85EBCA6B;
        mixed = (mixed ^ (mixed >> 13)) * 0xC2B2AE35;
        return (byte)(mixed ^ (mixed >> 16));
    }
}
