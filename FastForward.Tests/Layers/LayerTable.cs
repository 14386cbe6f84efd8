using System.Text.RegularExpressions;

namespace FastForward.Tests.Layers;

/// <summary>The layers as docs/architecture.md lists them: each with the layers that it uses.</summary>
internal sealed partial class LayerTable
{
    private readonly List<KeyValuePair<string, string[]>> _layers = [];

    private LayerTable() { }

    /// <summary>The layers in the order of the document, from the ground up.</summary>
    public IReadOnlyList<string> Names => [.. _layers.Select(static layer => layer.Key)];

    public static LayerTable Read()
    {
        LayerTable table = new();
        foreach (string line in File.ReadLines(Path.Combine(SourceTree.Root, "docs", "architecture.md")))
        {
            if (!line.StartsWith("| `", StringComparison.Ordinal))
                continue;
            string[] cells = line.Split('|', StringSplitOptions.TrimEntries);
            if (cells.Length == 5 && NamesIn(cells[1]) is [string layer])
                table._layers.Add(new KeyValuePair<string, string[]>(layer, NamesIn(cells[3])));
        }

        return table;
    }

    public IEnumerable<(string From, string To)> Arrows() =>
        _layers.SelectMany(static layer => layer.Value.Select(used => (layer.Key, used)));

    /// <summary>The layer of a folder: the folder itself, or the nearest one above it that is a layer.</summary>
    public string? LayerOf(string folder)
    {
        for (string? name = folder; !string.IsNullOrEmpty(name); name = Path.GetDirectoryName(name))
        {
            if (_layers.Exists(layer => layer.Key == name))
                return name;
        }

        return null;
    }

    private static string[] NamesIn(string cell) =>
        [.. Code().Matches(cell).Select(static match => match.Groups[1].Value)];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
