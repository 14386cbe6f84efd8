using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>The tables of docs/protocol.md, "Constants and timers", against the source.</summary>
public sealed partial class ProtocolConstantsTests
{
    /// <summary>Constants of the session that only concern memory and statistics.</summary>
    private static readonly string[] s_internal =
    [
        "ArrivalMeter.Intervals",
        "ByteRanges.KeptCapacity",
        "DelayHistogram.Bins",
        "DelayHistogram.HalvedAt",
        "DelayHistogram.Longest",
        "FrameKeys.ConfirmationNonce",
        "LoopbackAssociation.FrameSize",
        "LossMeter.HalvedAt",
        "PairKey.Length",
        "PathRank.Former",
        "PathRank.Unrouted",
        "Peers.LongestAnswer",
        "SessionOptions.SealLocal",
        "SessionOptions.Suite",
        "Receiver.MaxUnused",
        "ReplayWindow.DefaultSize",
        "Sender.MostBudgetVotes",
        "UnconfiguredNodes.Capacity",
    ];

    private static readonly Assembly s_assembly = typeof(SessionOptions).Assembly;

    [Test]
    public void The_documented_values_are_those_of_the_source()
    {
        Dictionary<string, long> documented = Documented();
        Assert.That(documented, Is.Not.Empty);
        Assert.Multiple(() =>
        {
            foreach ((string name, long value) in documented)
                Assert.That(Find(name), Is.EqualTo(value), name);
        });
    }

    [Test]
    public void Every_constant_of_the_session_is_documented_or_internal()
    {
        IEnumerable<string> constants = s_assembly
            .GetTypes()
            .Where(static type => type.Namespace?.StartsWith(typeof(SessionOptions).Namespace!) == true && !type.IsEnum)
            .SelectMany(static type =>
                type.GetFields(Members).Where(IsNumber).Select(field => $"{type.Name}.{field.Name}")
            );
        IEnumerable<string> options = Settings().Select(static property => $"SessionOptions.{property.Name}");
        Assert.That(
            constants.Concat(options).Except(Documented().Keys),
            Is.EquivalentTo(s_internal),
            "constants that docs/protocol.md does not list, and is expected not to"
        );
    }

    private const BindingFlags Members =
        BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // Name and value; times in microseconds.
    private static Dictionary<string, long> Documented() =>
        File.ReadLines(Path.Combine(SourceTree.Root, "docs", "protocol.md"))
            .Select(static line => Row().Match(line))
            .Where(static row => row.Success)
            .ToDictionary(
                static row => row.Groups["name"].Value,
                static row =>
                    long.Parse(row.Groups["value"].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture)
                    * row.Groups["unit"].Value switch
                    {
                        "s" => 1_000_000,
                        "ms" => 1_000,
                        _ => 1,
                    }
            );

    private static long? Find(string name)
    {
        string[] parts = name.Split('.');
        if (parts[0] == nameof(SessionOptions))
        {
            SessionOptions defaults = new() { Node = 1, Incarnation = 1 };
            object? value = Settings().FirstOrDefault(property => property.Name == parts[1])?.GetValue(defaults);
            return value is null ? null : Convert.ToInt64(value, CultureInfo.InvariantCulture);
        }

        FieldInfo? constant = s_assembly
            .GetTypes()
            .Where(type => type.Name == parts[0])
            .Select(type => type.GetField(parts[1], Members))
            .SingleOrDefault(static field => field is not null && IsNumber(field));
        return constant is null ? null : Convert.ToInt64(constant.GetRawConstantValue(), CultureInfo.InvariantCulture);
    }

    // Those with a default.
    private static IEnumerable<PropertyInfo> Settings() =>
        typeof(SessionOptions)
            .GetProperties()
            .Where(static property =>
                !property.PropertyType.IsEnum
                && property.Name is not (nameof(SessionOptions.Node) or nameof(SessionOptions.Incarnation))
            );

    private static bool IsNumber(FieldInfo field) =>
        field.IsLiteral && field.FieldType is { IsPrimitive: true } type && type != typeof(double);

    [GeneratedRegex(@"^\|[^|]+\| (?<value>[0-9,]+)(?: (?<unit>us|ms|s))? \| `(?<name>\w+\.\w+)` \|$")]
    private static partial Regex Row();
}
