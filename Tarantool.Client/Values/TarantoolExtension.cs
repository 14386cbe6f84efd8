namespace Tarantool.Client;

/// <summary>A MessagePack extension value in its encoded form.</summary>
/// <param name="type">
/// The extension type, as listed in the server's <c>src/lib/core/mp_extension_types.h</c>: 1 decimal, 2 UUID, 3 error,
/// 4 date and time, 6 interval.
/// </param>
/// <param name="data">The content; not copied, so it must not change afterwards.</param>
public sealed class TarantoolExtension(sbyte type, ReadOnlyMemory<byte> data) : IEquatable<TarantoolExtension>
{
    /// <summary>The extension type.</summary>
    public sbyte Type { get; } = type;

    /// <summary>The content.</summary>
    public ReadOnlyMemory<byte> Data { get; } = data;

    /// <inheritdoc/>
    public bool Equals(TarantoolExtension? other) =>
        other is not null && Type == other.Type && Data.Span.SequenceEqual(other.Data.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TarantoolExtension);

    /// <inheritdoc/>
    public override int GetHashCode() => ValueHash.Of(ValueHash.Of(Data.Span), Type);
}
