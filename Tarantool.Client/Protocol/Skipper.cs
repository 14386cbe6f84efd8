using Nerdbank.MessagePack;

namespace Tarantool.Client.Protocol;

/// <summary>
/// Steps over values however deeply they nest, by counting what is left instead of recursing: what is not read must not
/// be able to harm.
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
