using Tarantool.Client;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>A client's copy of the registry, kept by applying answers.</summary>
internal sealed class RegistryCopy
{
    private static readonly string[] s_spaces = ["OverriddenNodes", "Nodes"];

    private readonly Dictionary<string, SortedDictionary<ulong, string>> _rows = s_spaces.ToDictionary(
        space => space,
        _ => new SortedDictionary<ulong, string>()
    );

    public string? Version { get; private set; }

    public int Complete { get; private set; }

    public int Differences { get; private set; }

    public void Apply(RegistryAnswer answer)
    {
        Version = answer.Version;
        if (answer.IsUnchanged)
            return;
        if (answer.IsComplete)
            Complete++;
        else
            Differences++;
        foreach (string space in s_spaces)
        {
            if (answer.IsComplete)
                _rows[space].Clear();
            else
                foreach (ulong id in answer.Removed(space))
                    _rows[space].Remove(id);
            foreach (TarantoolValue row in answer.Map[space].AsArray())
                _rows[space][row.AsArray()[0].AsUInt64()] = row.ToString();
        }
    }

    public override string ToString() =>
        string.Join('\n', s_spaces.Select(space => $"{space}: {string.Join(", ", _rows[space].Values)}"));
}
