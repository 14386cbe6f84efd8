namespace Tarantool.Client;

/// <summary>
/// A type that knows how to be a tuple: a list of fields in the order of the space's format. Implement it on a record
/// to use the typed methods of <see cref="TarantoolClient"/>; nothing is found by reflection, so trimming and native
/// AOT are safe.
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
    /// Reads the fields in order. Fields that are left unread are skipped, so a space may grow new fields at its end.
    /// Runs on a thread of the pool that ends the one request, never on the connection's reading loop.
    /// </summary>
    /// <param name="reader">Stands before the first field.</param>
    /// <returns>The value.</returns>
    static abstract TSelf Read(ref TarantoolReader reader);

    /// <summary>
    /// Writes the fields in order; their number follows from what is written. Runs before anything is sent, on the
    /// caller's thread or, if the request had to wait, on one of the pool, and again if the schema changed meanwhile:
    /// so the tuple must not change until the request has ended. An exception thrown here reaches the caller and affects
    /// nothing else.
    /// </summary>
    /// <param name="writer">Takes the fields.</param>
    void Write(ref TarantoolWriter writer);
}
