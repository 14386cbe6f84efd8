using System.CommandLine;
using System.Globalization;
using FastForward.Benchmarks.CrossProcess;
using FastForward.Benchmarks.CrossProcess.Commands;
using FastForward.Benchmarks.CrossProcess.Reports;

namespace FastForward.Benchmarks.Registry;

/// <summary>
/// The command <c>registry</c>: how long a line in Tarantool takes to move traffic, and what a table of many rows
/// costs. It needs tarantool.
/// </summary>
internal static class RegistryCommand
{
    public static Command Create()
    {
        Option<int> moves = MeasureOptions.Number("--moves", "How often the traffic is moved.", 100, 2, 10_000);
        Option<int> rows = MeasureOptions.Number("--rows", "Rows of the large table.", 10_000, 100, 50_000);
        Option<int> edits = MeasureOptions.Number("--edits", "Edits of the large table.", 100, 1, 10_000);
        Command command = new("registry", "A line in Tarantool moves traffic; a table of many rows. Needs tarantool.")
        {
            moves,
            rows,
            edits,
        };
        command.SetAction(result => Run(result.GetValue(moves), result.GetValue(rows), result.GetValue(edits)));
        return command;
    }

    private static int Run(int moves, int rows, int edits)
    {
        try
        {
            Console.Out.WriteLine(Machine.Describe());
            using (RegistryProcess server = new())
            {
                double[] times = MoveRun.Measure(server, moves);
                Console.Out.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"from the line to the first message on the new path, {moves} moves: "
                            + $"p50 {At(times, 0.5):0.0} ms, p99 {At(times, 0.99):0.0} ms, max {At(times, 1):0.0} ms"
                    )
                );
            }

            using (RegistryProcess server = new())
                Console.Out.WriteLine(TableRun.Measure(server, rows, edits));
            return ExitCode.Success;
        }
        catch (BenchmarkFailure failure)
        {
            Console.Error.WriteLine(failure.Message);
            return ExitCode.Failure;
        }
    }

    /// <summary>A quantile of sorted figures.</summary>
    public static double At(double[] sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
}
