using System.Diagnostics;
using System.Globalization;
using FastForward.Benchmarks.CrossProcess;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Benchmarks.Registry;

/// <summary>A node with a table of many rows of nodes that are not there: what loading costs, and one edit.</summary>
internal static class TableRun
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    public static string Measure(RegistryProcess server, int rows, int edits)
    {
        server.Type(
            $"box.begin() for i = 1, {rows} do "
                + "box.space.OverriddenNodes:replace({i, 0, FORWARD_TRANSPORT_SOCKET, '', 9}) end box.commit()"
        );
        string directory = Directory.CreateTempSubdirectory("registry-benchmark-").FullName;
        try
        {
            return MeasureAsync(server, rows, edits, directory).GetAwaiter().GetResult();
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<string> MeasureAsync(RegistryProcess server, int rows, int edits, string directory)
    {
        ForwardHostOptions options = new(60_000)
        {
            Socket = new SocketTransportOptions { Port = 60_000, Directory = directory },
            Handler = new Discard(),
        };
        options.Loop.Idle = IdleStrategy.BusySpin;
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        long began = Stopwatch.GetTimestamp();
        await using TarantoolRegistry registry = server.Follow();
        foreach (IRouteSource source in registry.Sources)
            options.RouteSources.Add(source);
        await using ForwardHost host = await ForwardHost.StartAsync(options).ConfigureAwait(false);
        CycleWatch watch = new();
        host.Loop.Post(() => host.Loop.Add(watch));
        await UntilAsync(rows).ConfigureAwait(false);
        TimeSpan load = Stopwatch.GetElapsedTime(began);
        double loading = watch.Take();
        memory = GC.GetTotalMemory(forceFullCollection: true) - memory;
        _ = watch.Take();
        List<double> without = [],
            times = [],
            cycles = [];
        for (int edit = 0; edit < edits; edit++)
        {
            await Task.Delay(20).ConfigureAwait(false);
            without.Add(watch.Take());
            long before = Stopwatch.GetTimestamp();
            await server
                .Client.EvalAsync(
                    $"box.space.OverriddenNodes:replace({{{1 + edit}, 0, FORWARD_TRANSPORT_SOCKET, '', 10}})"
                )
                .ConfigureAwait(false);
            await UntilAsync(rows + edit + 1).ConfigureAwait(false);
            times.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
            cycles.Add(watch.Take());
        }

        string loaded = string.Create(
            CultureInfo.InvariantCulture,
            $"{rows} rows: applied {load.TotalMilliseconds:0} ms after the start, {memory / 1024.0 / rows:0.0} KiB "
                + $"each, longest cycle of the loop {loading:0.00} ms"
        );
        return $"{loaded}\n{edits} edits of one row: applied after {Quantiles(times)}; longest cycle meanwhile "
            + $"{Quantiles(cycles)}, without an edit {Quantiles(without)}";

        async Task UntilAsync(long applied)
        {
            long start = Stopwatch.GetTimestamp();
            while (host.Node.AppliedRoutes < applied)
            {
                if (Stopwatch.GetElapsedTime(start) > s_limit)
                    throw new BenchmarkFailure($"{host.Node.AppliedRoutes} of {applied} rows were applied");
                await Task.Delay(1).ConfigureAwait(false);
            }
        }
    }

    private static string Quantiles(List<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"p50 {RegistryCommand.At(sorted, 0.5):0.00} ms, max {sorted[^1]:0.00} ms"
        );
    }

    /// <summary>The longest time between two cycles of a loop that never sleeps.</summary>
    private sealed class CycleWatch : ILoopSource
    {
        private long _last;
        private long _longest;

        public int Descriptor => -1;

        public int Poll(int budget)
        {
            long now = Stopwatch.GetTimestamp();
            if (_last != 0 && now - _last > Volatile.Read(ref _longest))
                Volatile.Write(ref _longest, now - _last);
            _last = now;
            return 0;
        }

        public bool Arm() => false;

        public void Disarm() { }

        /// <summary>The longest since it was taken last, in milliseconds; on any thread.</summary>
        public double Take() => Interlocked.Exchange(ref _longest, 0) * 1e3 / Stopwatch.Frequency;
    }
}
