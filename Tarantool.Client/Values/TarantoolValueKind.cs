using System.Diagnostics.CodeAnalysis;

namespace Tarantool.Client;

/// <summary>What a <see cref="TarantoolValue"/> holds.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "These are the names of the server's types.")]
public enum TarantoolValueKind
{
    /// <summary>Nothing: <c>nil</c> or <c>box.NULL</c>.</summary>
    Nil,

    /// <summary>A truth value.</summary>
    Boolean,

    /// <summary>A whole number from <see cref="long.MinValue"/> to <see cref="ulong.MaxValue"/>.</summary>
    Integer,

    /// <summary>A floating-point number.</summary>
    Double,

    /// <summary>Text.</summary>
    String,

    /// <summary>
    /// Bytes. A string that is not valid UTF-8 arrives as this too, so that nothing is lost; written back it is bytes
    /// (<c>varbinary</c>), which a field of type <c>string</c> does not take.
    /// </summary>
    Binary,

    /// <summary>A list of values.</summary>
    Array,

    /// <summary>Values by key.</summary>
    Map,

    /// <summary>A MessagePack extension: UUID, decimal, date and time, or one that this package does not interpret.</summary>
    Extension,
}
