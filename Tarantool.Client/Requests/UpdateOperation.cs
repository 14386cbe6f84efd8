namespace Tarantool.Client;

/// <summary>
/// One change to a field, for update and upsert. A field is identified by its zero-based position (negative: from the
/// end), or by its name or JSON path (servers since 2.3).
/// </summary>
public sealed class UpdateOperation : ITarantoolTuple<UpdateOperation>
{
    private readonly TarantoolTuple _parts;

    private UpdateOperation(TarantoolTuple parts)
    {
        TarantoolValue field = parts[1];
        if (field.Kind is not (TarantoolValueKind.Integer or TarantoolValueKind.String))
            throw new ArgumentException($"A field is identified by position or name, not by {field.Kind}.");
        _parts = parts;
    }

    /// <summary>Sets the field (<c>=</c>).</summary>
    /// <param name="field">The field's position or name.</param>
    /// <param name="value">The new value.</param>
    /// <returns>The operation.</returns>
    public static UpdateOperation Assign(TarantoolValue field, TarantoolValue value) => new(["=", field, value]);

    /// <summary>Adds to a number (<c>+</c>).</summary>
    /// <param name="field">The field's position or name.</param>
    /// <param name="value">The operand.</param>
    /// <returns>The operation.</returns>
    public static UpdateOperation Add(TarantoolValue field, TarantoolValue value) => new(["+", field, value]);

    /// <summary>Subtracts from a number (<c>-</c>).</summary>
    /// <param name="field">The field's position or name.</param>
    /// <param name="value">The operand.</param>
    /// <returns>The operation.</returns>
    public static UpdateOperation Subtract(TarantoolValue field, TarantoolValue value) => new(["-", field, value]);

    /// <summary>Keeps only the given bits of an unsigned number (<c>&amp;</c>).</summary>
    /// <param name="field">The field's position or name.</param>
    /// <param name="bits">The bits.</param>
    /// <returns>The operation.</returns>
    public static UpdateOperation And(TarantoolValue field, ulong bits) => new(["&", field, bits]);

    /// <summary>Sets bits of an unsigned number (<c>|</c>).</summary>
    /// <param name="field">The field's position or name.</param>
    /// <param name="bits">The bits.</param>
    /// <returns>The operation.</returns>
    public static UpdateOperation Or(TarantoolValue field, ulong bits) => new(["|", field, bits]);

    /// <summary>Toggles bits of an unsigned number (<c>^</c>).</summary>
    /// <param name="field">The field's position or name.</param>
    /// <param name="bits">The bits.</param>
    /// <returns>The operation.</returns>
    public static UpdateOperation Xor(TarantoolValue field, ulong bits) => new(["^", field, bits]);

    /// <summary>Inserts a field before another one (<c>!</c>).</summary>
    /// <param name="field">The field's position or name.</param>
    /// <param name="value">The new field's value.</param>
    /// <returns>The operation.</returns>
    public static UpdateOperation Insert(TarantoolValue field, TarantoolValue value) => new(["!", field, value]);

    /// <summary>Removes fields (<c>#</c>).</summary>
    /// <param name="field">The first field's position or name.</param>
    /// <param name="count">The number of fields.</param>
    /// <returns>The operation.</returns>
    public static UpdateOperation Remove(TarantoolValue field, uint count = 1) => new(["#", field, count]);

    /// <summary>Replaces a part of a string (<c>:</c>). Offset and length are in bytes.</summary>
    /// <param name="field">The field's position or name.</param>
    /// <param name="offset">The zero-based start of the part; negative counts from the end.</param>
    /// <param name="length">The number of bytes to remove.</param>
    /// <param name="text">The replacement.</param>
    /// <returns>The operation.</returns>
    public static UpdateOperation Splice(TarantoolValue field, int offset, int length, string text) =>
        new([":", field, offset, length, text]);

    /// <inheritdoc/>
    static UpdateOperation ITarantoolTuple<UpdateOperation>.Read(ref TarantoolReader reader) =>
        new(TarantoolTuple.Read(ref reader));

    /// <inheritdoc/>
    void ITarantoolTuple<UpdateOperation>.Write(ref TarantoolWriter writer) => _parts.Write(ref writer);

    /// <summary>The operation as sent to the server.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => _parts.ToString();
}
