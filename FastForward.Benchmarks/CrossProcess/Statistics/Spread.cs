namespace FastForward.Benchmarks.CrossProcess.Statistics;

/// <summary>Median and range of values from several rounds.</summary>
internal readonly record struct Spread(double Median, double Least, double Most)
{
    /// <summary>Returns null if there are no values.</summary>
    public static Spread? Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
            return null;
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    /// <summary>Returns null if a value is missing.</summary>
    public static Spread? Of(IEnumerable<double?> values)
    {
        double?[] all = [.. values];
        return Array.TrueForAll(all, static value => value.HasValue)
            ? Of(all.Select(static value => value!.Value))
            : null;
    }
}
