using System.Globalization;

namespace FastForward.Transport.Registry;

/// <summary>
/// The names and numbers of transport types in a registry: the one place that knows them. The names are those of the
/// BrandMeister wiki; its numbers are unpublished, so ours are configurable.
/// </summary>
public sealed class TransportTypeMap
{
    private const string Prefix = "FORWARD_TRANSPORT_";

    private readonly Dictionary<long, TransportKind> _byNumber;

    /// <summary>Makes a map with other numbers than the default.</summary>
    /// <param name="numbers">The number of each kind; each kind and each number once.</param>
    /// <exception cref="ArgumentException">A kind is missing, or two share a number.</exception>
    internal TransportTypeMap(IReadOnlyDictionary<TransportKind, long> numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        _byNumber = [];
        foreach (TransportKind kind in Enum.GetValues<TransportKind>())
        {
            if (!numbers.TryGetValue(kind, out long number))
                throw new ArgumentException($"{NameOf(kind)} has no number.", nameof(numbers));
            if (!_byNumber.TryAdd(number, kind))
                throw new ArgumentException(
                    $"{NameOf(kind)} and {NameOf(_byNumber[number])} share the number {number}.",
                    nameof(numbers)
                );
        }
    }

    /// <summary>IP = 0, RDMA = 1, SOCKET = 2, VSOCKET = 3.</summary>
    public static TransportTypeMap Default { get; } =
        new(
            new Dictionary<TransportKind, long>
            {
                [TransportKind.Ip] = 0,
                [TransportKind.Rdma] = 1,
                [TransportKind.Socket] = 2,
                [TransportKind.VSocket] = 3,
            }
        );

    /// <summary>The registry's name of a kind, such as <c>FORWARD_TRANSPORT_IP</c>.</summary>
    public static string NameOf(TransportKind kind) =>
        kind switch
        {
            TransportKind.Ip => Prefix + "IP",
            TransportKind.Rdma => Prefix + "RDMA",
            TransportKind.Socket => Prefix + "SOCKET",
            TransportKind.VSocket => Prefix + "VSOCKET",
            _ => Prefix + ((int)kind).ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>The kind behind a number of the registry.</summary>
    internal bool TryGetKind(long number, out TransportKind kind) => _byNumber.TryGetValue(number, out kind);

    /// <summary>
    /// Reads a type as written by a person: the full name, the name without its prefix, or the number.
    /// </summary>
    public bool TryParse(ReadOnlySpan<char> text, out TransportKind kind)
    {
        text = text.Trim();
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            return TryGetKind(number, out kind);
        foreach (TransportKind candidate in Enum.GetValues<TransportKind>())
        {
            ReadOnlySpan<char> name = NameOf(candidate);
            if (
                text.Equals(name, StringComparison.OrdinalIgnoreCase)
                || text.Equals(name[Prefix.Length..], StringComparison.OrdinalIgnoreCase)
            )
            {
                kind = candidate;
                return true;
            }
        }

        kind = default;
        return false;
    }
}
