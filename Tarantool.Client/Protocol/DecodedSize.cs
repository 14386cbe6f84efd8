using System.Runtime.CompilerServices;

namespace Tarantool.Client.Protocol;

/// <summary>
/// The memory that decoded values take in a 64-bit process, in bytes. A response may need many times its encoded size:
/// one byte is a value, and an empty map another.
/// </summary>
internal static class DecodedSize
{
    private const int Object = 24;
    private const int Tuple = 32;
    private const int Dictionary = 80;

    // Bucket, hash code, link, key and value; the table is up to a fifth larger than its content.
    private const int Entry = 76;

    public static long List(int count) => Tuple + Object + ((long)count * Unsafe.SizeOf<TarantoolValue>());

    public static long Map(int count) => Dictionary + (2 * Object) + ((long)count * Entry);

    public static long Text(long bytes) => Object + (2 * bytes);

    public static long Bytes(long bytes) => Object + bytes;

    public static long Extension(long bytes) => (2 * Object) + bytes;

    /// <summary>An array, and for a class one small object for each element.</summary>
    public static long Array<T>(int count) =>
        Object + (count * ((long)Unsafe.SizeOf<T>() + (typeof(T).IsValueType ? 0 : Object)));
}
