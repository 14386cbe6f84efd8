namespace Tarantool.Client;

/// <summary>
/// A type that can be read from and written as a tuple: a list of fields in the order of the space's format. Implement
/// it to use the typed methods of <see cref="TarantoolClient"/>. No reflection is involved, so it is safe for trimming
/// and native AOT.
/// </summary>
/// <example>
/// <code>
/// public sealed record City(uint Id, string Name) : ITarantoolTuple&lt;City&gt;
/// {
///     public static City Read(ref TarantoolReader reader) => new(reader.ReadUInt32(), reader.ReadString());
///
///     public void Write(ref TarantoolWriter writer)
///     {
///         writer.Write(Id);
///         writer.Write(Name);
///     }
/// }
/// </code>
/// </example>
/// <typeparam name="TSelf">The implementing type.</typeparam>
public interface ITarantoolTuple<TSelf>
    where TSelf : ITarantoolTuple<TSelf>
{
    /// <summary>
    /// Reads the fields in order. Unread fields are skipped, so fields can be appended to a space later. Runs on a pool
    /// thread or the awaiting thread, never on the connection's read loop.
    /// </summary>
    /// <param name="reader">Positioned before the first field.</param>
    /// <returns>The value.</returns>
    static abstract TSelf Read(ref TarantoolReader reader);

    /// <summary>
    /// Writes the fields in order; they are counted automatically. Runs before anything is sent, on the caller's thread
    /// or, if the request had to wait, on a pool thread, and again if the schema changed meanwhile: the tuple must not
    /// change until the request has completed. An exception thrown here is passed to the caller and has no other
    /// effect.
    /// </summary>
    /// <param name="writer">Receives the fields.</param>
    void Write(ref TarantoolWriter writer);
}
