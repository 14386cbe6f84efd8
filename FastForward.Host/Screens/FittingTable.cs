using Spectre.Console;
using Spectre.Console.Rendering;

namespace FastForward.Host.Screens;

/// <summary>A table that leaves out columns where it has too little room, and says which.</summary>
internal sealed class FittingTable(params FittingColumn[] columns)
{
    private const int Gap = 1;

    private readonly List<(Style Style, string[] Cells)> _rows = [];

    /// <summary>Adds a row with a cell for each column. The cells may be text from outside.</summary>
    public void Add(Style style, params string[] cells) => _rows.Add((style, [.. cells.Select(VisibleText.Of)]));

    /// <summary>The table, and below it the columns that are left out.</summary>
    public IRenderable Fit(int width)
    {
        int[] widths = [.. columns.Select((column, index) => WidthOf(column, index))];
        List<int> shown = [.. Enumerable.Range(0, columns.Length)];
        while (shown.Sum(index => widths[index] + Gap) - Gap > width)
        {
            int least = shown.MaxBy(index => columns[index].Rank);
            if (columns[least].Rank == 0)
                break;
            shown.Remove(least);
        }

        Table table = new() { Border = TableBorder.None };
        foreach (int index in shown)
        {
            bool isLast = index == shown[^1];
            TableColumn column = new(new Text(columns[index].Head, new Style(decoration: Decoration.Bold)))
            {
                Alignment = columns[index].IsText ? Justify.Left : Justify.Right,
                Padding = new Padding(0, 0, isLast ? 0 : Gap, 0),
                NoWrap = !columns[index].IsText,
            };
            table.AddColumn(column);
        }

        foreach ((Style style, string[] cells) in _rows)
            table.AddRow(shown.Select(index => new Text(cells[index], style)));
        string[] left = [.. columns.Where((_, index) => !shown.Contains(index)).Select(static column => column.Head)];
        return left.Length == 0
            ? table
            : new Rows(table, new Text($"left out for want of room: {string.Join(", ", left)}", Styles.Minor));
    }

    private int WidthOf(FittingColumn column, int index) =>
        _rows.Aggregate(column.Head.Length, (width, row) => Math.Max(width, row.Cells[index].Length));
}
