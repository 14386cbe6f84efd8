using System.Globalization;
using FastForward.Transport;
using FastForward.Transport.Registry;
using Microsoft.Extensions.Configuration;

namespace FastForward.Host.Instances;

/// <summary>
/// Reads the rows of <c>[OverriddenNodes]</c> and <c>[Nodes]</c>: <c>node = key id, transport type, address, port</c>.
/// </summary>
internal sealed class RouteSectionReader(string file, IConfiguration values, List<InstanceProblem> problems)
{
    private const string Example = "250012 = 0, FORWARD_TRANSPORT_SOCKET, , 54012";

    private readonly Dictionary<(RouteTable Table, string Row), (InstanceSection Section, InstanceKey Key)> _places =
    [];

    /// <summary>The rows of a section whose shape is right.</summary>
    public List<RouteRow> Read(InstanceSection section, RouteTable table)
    {
        List<RouteRow> rows = [];
        foreach (InstanceKey key in section.Keys)
        {
            string? reason = Parse(key.Name, values[section.ValueOf(key.Name)] ?? "", out RouteRow row);
            if (reason is not null)
            {
                problems.Add(new InstanceProblem(file, key.Line, section.PathOf(key.Name), reason, Example));
                continue;
            }

            // The same row in a section that is given again is reported with its header.
            if (_places.TryAdd((table, row.ToString()), (section, key)))
                rows.Add(row);
        }

        return rows;
    }

    /// <summary>Has the library check all rows together, and reports its problems with their lines.</summary>
    public void Evaluate(List<RouteRow> overridden, List<RouteRow> nodes, RouteOptions options)
    {
        StaticRouteSource[] sources =
        [
            new(overridden, RouteTable.OverriddenNodes, nameof(RouteTable.OverriddenNodes)),
            new(nodes, RouteTable.Nodes, nameof(RouteTable.Nodes)),
        ];
        using OverrideResolver resolver = new(sources, options);
        foreach (RouteProblem problem in resolver.Problems)
        {
            (InstanceSection section, InstanceKey key) = _places[(Enum.Parse<RouteTable>(problem.Source), problem.Row)];
            problems.Add(new InstanceProblem(file, key.Line, section.PathOf(key.Name), ReasonOf(problem)));
        }
    }

    /// <summary>A reason of the library in the words of instance files.</summary>
    public static string ReasonOf(RouteProblem problem) =>
        problem.Reason.Replace(
            "set the option AllowUnkeyedNetwork on both nodes",
            "write allow-unkeyed-network = yes in a line before the first section, in the files of both nodes",
            StringComparison.Ordinal
        );

    /// <returns>What is wrong with the shape of the row; null when nothing is.</returns>
    private static string? Parse(string key, string value, out RouteRow row)
    {
        row = default;
        if (!uint.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out uint node) || node == 0)
            return $"'{key}' is no node id";
        string[] fields = value.Split(',', StringSplitOptions.TrimEntries);
        if (fields.Length != 4)
            return $"'{value}' has {fields.Length} field{(fields.Length == 1 ? "" : "s")}, "
                + "not the four: key id, transport type, address, port";
        if (!uint.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint keyId))
            return $"key id '{fields[0]}' is no number";
        if (!TransportTypeMap.Default.TryParse(fields[1], out TransportKind kind))
        {
            IEnumerable<string> names = Enum.GetValues<TransportKind>().Select(TransportTypeMap.NameOf);
            string? near = NearestName.Of(fields[1], names);
            return $"'{fields[1]}' is no transport type"
                + (near is null ? $" ({string.Join(", ", names)})" : $", did you mean {near}?");
        }

        if (
            !int.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port is < 1 or > 65_535
        )
            return $"'{fields[3]}' is no port from 1 to 65535";
        row = new RouteRow(node, keyId, kind, fields[2].Trim('"'), port); // registries write "" for an empty address
        return null;
    }
}
