using System.Diagnostics;
using System.Globalization;
using FastForward.Host.Monitoring;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Host.Demo.Chaos;

/// <summary>
/// Two node processes with several paths between them, all in use at once: paths die and return while traffic of both
/// classes goes on.
/// </summary>
internal sealed class ChaosRun(int seconds, DemoScreen screen)
{
    private const uint FirstNode = 25_011;
    private const uint SecondNode = 250_012;
    private const int Talkers = 16;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan s_calm = TimeSpan.FromSeconds(1);

    // The traffic ends a little after the last fault.
    private static readonly TimeSpan s_end = TimeSpan.FromMilliseconds(500);

    private readonly DemoPhases _phases = new("");
    private readonly Stopwatch _watch = new();
    private readonly List<(string Kind, DeliveryWindow[] Windows)> _seen = [];

    /// <summary>The shortest time in which something happens.</summary>
    public const int LeastSeconds = 4;

    /// <param name="cancellationToken">Ends the demo, its processes included.</param>
    /// <exception cref="DemoFailure">It could not be brought to its end.</exception>
    public Task<ChaosDocument> RunAsync(CancellationToken cancellationToken) =>
        DemoAttempts.RunAsync("chaos", screen, directory => RunAsync(directory, cancellationToken));

    private async Task<ChaosDocument> RunAsync(string directory, CancellationToken cancellationToken)
    {
        _seen.Clear();
        int[] ports = FreePorts.Find(4);
        using UdpRelay relay = new(ports[0], ports[1], ports[2], ports[3]);
        screen.Progress($"starting nodes {FirstNode} and {SecondNode}");
        using DemoChild one = DemoChild.Start(
            FirstNode,
            Arguments(WriteInstance(directory, FirstNode, ports[0], SecondNode, ports[1]), SecondNode, ports[2])
        );
        using DemoChild two = DemoChild.Start(
            SecondNode,
            Arguments(WriteInstance(directory, SecondNode, ports[1], FirstNode, ports[0]), FirstNode, ports[3])
        );
        DemoChild[] nodes = [one, two];
        await Reach(nodes, static node => node.Connected, s_connectLimit, "connect", cancellationToken)
            .ConfigureAwait(false);
        _watch.Restart();
        await FaultsAsync(nodes, new ChaosScript(nodes, relay, directory), cancellationToken).ConfigureAwait(false);
        TimeSpan end = TimeSpan.FromSeconds(seconds) + s_limit;
        await Reach(nodes, static node => node.Done, end, "finish", cancellationToken).ConfigureAwait(false);
        DeliveryWindow[] last = await TakeWindowsAsync(nodes, cancellationToken).ConfigureAwait(false);
        foreach (DemoChild node in nodes)
            node.Stop();
        await Reach(nodes, static node => node.Result, s_limit, "stop", cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(one.Exited, two.Exited).WaitAsync(s_limit, cancellationToken).ConfigureAwait(false);
        screen.ClearProgress();
        return Sum(await one.Result.ConfigureAwait(false), await two.Result.ConfigureAwait(false), last);
    }

    private async Task FaultsAsync(DemoChild[] nodes, ChaosScript script, CancellationToken cancellationToken)
    {
        screen.Line($"{Time()}  connected; traffic of both classes has begun");
        await Task.Delay(s_calm, cancellationToken).ConfigureAwait(false);
        await NoteAsync(nodes, ChaosScript.Nothing, script, cancellationToken).ConfigureAwait(false);
        TimeSpan end = TimeSpan.FromSeconds(seconds) - s_end;
        while (_watch.Elapsed + script.Present.Duration <= end)
        {
            ChaosFault fault = script.Present;
            screen.Progress($"{Time()}  {fault.Kind} ...");
            fault.Begin();
            await Task.Delay(fault.Lasts, cancellationToken).ConfigureAwait(false);
            fault.Heal?.Invoke();
            await Task.Delay(fault.Rests, cancellationToken).ConfigureAwait(false);
            await NoteAsync(nodes, fault.Kind, script, cancellationToken).ConfigureAwait(false);
            script.Advance();
        }
    }

    private async Task NoteAsync(
        DemoChild[] nodes,
        string kind,
        ChaosScript script,
        CancellationToken cancellationToken
    )
    {
        DeliveryWindow[] windows = await TakeWindowsAsync(nodes, cancellationToken).ConfigureAwait(false);
        _seen.Add((kind, windows));
        if (windows[0].Paths.Count > 0)
            script.Follow(windows[0].Paths[^1]);
        string there = string.Join(" > ", windows[0].Paths),
            back = string.Join(" > ", windows[1].Paths);
        long lost = windows.Sum(static window => window.Skipped);
        screen.Line(
            $"{Time()}  {kind}: {there}{(back == there ? "" : $", the other way {back}")}; "
                + $"delivery paused {Figures.Micros(windows.Max(static window => window.PauseMicros))}"
                + (lost == 0 ? "" : $", {lost} real-time messages lost")
        );
    }

    private async Task<DeliveryWindow[]> TakeWindowsAsync(DemoChild[] nodes, CancellationToken cancellationToken)
    {
        Task<DeliveryWindow>[] windows = [.. nodes.Select(static node => node.TakeWindow())];
        await Reach(nodes, node => windows[Array.IndexOf(nodes, node)], s_limit, "answer", cancellationToken)
            .ConfigureAwait(false);
        return await Task.WhenAll(windows).ConfigureAwait(false);
    }

    private Task Reach(
        DemoChild[] nodes,
        Func<DemoChild, Task> point,
        TimeSpan limit,
        string verb,
        CancellationToken cancellationToken
    ) => _phases.WaitAsync(nodes, point, limit, verb, cancellationToken);

    private ChaosDocument Sum(DemoNodeReport one, DemoNodeReport two, DeliveryWindow[] last)
    {
        long sentTwice = last.Sum(static window => window.SentTwice);
        return new ChaosDocument
        {
            Faults =
            [
                .. _seen
                    .GroupBy(static seen => seen.Kind, static seen => seen.Windows)
                    .Select(static group => ChaosPauses.Of(group.Key, [.. group])),
            ],
            RealTime = DemoSummary.Of(one.RealTime, two.RealTime),
            RealTimeLate = one.Late + two.Late,
            Reliable = DemoSummary.Of(one.Reliable, two.Reliable),
            Refused = one.Refused + two.Refused + one.EchoesRefused + two.EchoesRefused,
            Duplicated = one.Duplicated + two.Duplicated,
            Reordered = one.Reordered + two.Reordered,
            Damaged = one.Damaged + two.Damaged,
            SentTwice = sentTwice,
            SentTwiceBytes = sentTwice * DemoMessage.VoiceSize,
            Rescued = last.Sum(static window => window.Rescued),
        };
    }

    private string Time() =>
        string.Create(CultureInfo.InvariantCulture, $"{_watch.Elapsed.TotalSeconds:0.0} s").PadLeft(7);

    private static string WriteInstance(string directory, uint node, int port, uint peer, int peerPort)
    {
        string file = Path.Combine(directory, $"{node}.conf");
        string vSocket = VSocketTransport.CheckLoopback().Reason is null ? ", FORWARD_TRANSPORT_VSOCKET" : "";
        File.WriteAllText(
            file,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                network = {node}
                port = {port}
                transports = FORWARD_TRANSPORT_SOCKET, FORWARD_TRANSPORT_IP{vSocket}
                addresses = {string.Join(", ", UdpRelay.Addresses)}
                socket-directory = {directory}
                log-level = error

                [Nodes]
                {peer} = 0, FORWARD_TRANSPORT_SOCKET, , {peerPort}

                """
            )
        );
        return file;
    }

    private IEnumerable<string> Arguments(string file, uint peer, int relay) =>
        DemoNodeArguments.Of(file, peer, seconds, Talkers, relay);
}
