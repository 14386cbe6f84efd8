using System.Diagnostics;
using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>One child process of a round. Disposing terminates it.</summary>
internal sealed class SideProcess : IDisposable
{
    private readonly ChildProgram _program;
    private readonly SidePlan _plan;

    private SideProcess(SidePlan plan, ChildProgram program)
    {
        _plan = plan;
        _program = program;
    }

    /// <inheritdoc cref="ChildProgram.Ended"/>
    public Task Ended => _program.Ended;

    /// <summary>Starts the process: floor.c, or this program with the command <c>side</c>.</summary>
    public static SideProcess Start(SidePlan plan, FloorProgram? floor)
    {
        ProcessStartInfo start = ImplementationName.IsFloor(plan.Implementation)
            ? new ProcessStartInfo(floor!.Path, FloorProgram.Arguments(plan))
            : ChildProgram.OwnCommand("side", plan.ToJson());
        return new SideProcess(plan, ChildProgram.Start(plan.Role.ToString().ToLowerInvariant(), start));
    }

    /// <summary>The CPU time used so far in nanoseconds; null if the process has exited.</summary>
    public long? ProcessorTime() => Scheduling.ProcessorTime(_program.Id);

    /// <inheritdoc cref="ChildProgram.ExpectAsync"/>
    public Task<string[]> ExpectAsync(string word, CancellationToken cancellation) =>
        _program.ExpectAsync(word, cancellation);

    /// <summary>Reads lines "NANOSECONDS COUNT" up to "done".</summary>
    public async Task<IReadOnlyList<(long Nanos, long Count)>> ReadTimesAsync(CancellationToken cancellation)
    {
        List<(long, long)> times = [];
        while (true)
        {
            string line = await _program.ReadAsync(cancellation).ConfigureAwait(false);
            if (line == "done")
                return times;
            string[] words = line.Split(' ');
            if (words.Length != 2)
                throw new BenchmarkFailure(
                    $"{_program.Name} printed '{line}' where a time and its count were expected"
                );
            times.Add((ChildProgram.Number(words[0]), ChildProgram.Number(words[1])));
        }
    }

    /// <summary>Writes the byte that a client waits for before it measures.</summary>
    public void Go() => _program.Go();

    /// <summary>
    /// Queries the number of handled messages and allocated bytes; null for the floor program, which is not managed.
    /// </summary>
    public async Task<(long Messages, long Allocated)?> MarkAsync(CancellationToken cancellation)
    {
        if (ImplementationName.IsFloor(_plan.Implementation))
            return null;
        Go();
        string[] words = await ExpectAsync("mark", cancellation).ConfigureAwait(false);
        return (ChildProgram.Number(words[0]), ChildProgram.Number(words[1]));
    }

    /// <inheritdoc cref="ChildProgram.DescribeEnd"/>
    public string? DescribeEnd() => _program.DescribeEnd();

    /// <inheritdoc cref="ChildProgram.Dispose"/>
    public void Dispose() => _program.Dispose();
}
