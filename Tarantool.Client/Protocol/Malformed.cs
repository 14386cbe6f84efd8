using Nerdbank.MessagePack;

namespace Tarantool.Client.Protocol;

/// <summary>Recognises the exceptions that the MessagePack reader throws for malformed input.</summary>
internal static class Malformed
{
    public static bool Is(Exception exception) =>
        exception is MessagePackSerializationException or EndOfStreamException;

    public static TarantoolProtocolException Header(Exception cause) =>
        new("The header of a frame is not valid MessagePack of the expected form.", cause);

    public static TarantoolProtocolException Body(Exception cause) =>
        new("The body of a frame is not valid MessagePack of the expected form.", cause);
}
