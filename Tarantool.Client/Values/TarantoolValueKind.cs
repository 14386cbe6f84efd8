using System.Diagnostics.CodeAnalysis;

namespace Tarantool.Client;

/// <summary>The kind of a <see cref="TarantoolValue"/>.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "These are the names of the server's types.")]
public enum TarantoolValueKind
{
    /// <summary><c>nil</c> or <c>box.NULL</c>.</summary>
    Nil,

    /// <summary>A Boolean.</summary>
    Boolean,

    /// <summary>An integer from <see cref="long.MinValue"/> to <see cref="ulong.MaxValue"/>.</summary>
    Integer,

    /// <summary>A floating-point number.</summary>
    Double,

    /// <summary>A string in valid UTF-8.</summary>
    String,

    /// <summary>
    /// Binary data. A string that is not valid UTF-8 is also received as this kind, so that no bytes are lost; written
    /// back it is <c>varbinary</c>, which a field of type <c>string</c> does not accept.
    /// </summary>
    Binary,

    /// <summary>A list of values.</summary>
    Array,

    /// <summary>A map from values to values.</summary>
    Map,

    /// <summary>A MessagePack extension: UUID, decimal, date and time, or one unknown to this package.</summary>
    Extension,
}
