using Nerdbank.MessagePack;

namespace Tarantool.Client.Protocol;

/// <summary>
/// Skips values of any nesting depth. Counts the remaining values instead of recursing, so that malicious input cannot
/// overflow the stack.
/// </summary>
internal static class Skipper
{
    private static readonly SerializationContext s_scalars = new();

    public static void Skip(ref MessagePackReader reader)
    {
        for (long left = 1; left > 0; left--)
        {
            switch (reader.NextMessagePackType)
            {
                case MessagePackType.Array:
                    left += reader.ReadArrayHeader();
                    break;
                case MessagePackType.Map:
                    left += 2L * reader.ReadMapHeader();
                    break;
                default:
                    reader.Skip(s_scalars);
                    break;
            }
        }
    }
}
