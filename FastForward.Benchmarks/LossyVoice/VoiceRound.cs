using FastForward.Benchmarks.CrossProcess;
using FastForward.Benchmarks.CrossProcess.Contestants;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Benchmarks.LossyVoice;

/// <summary>One round of one contestant: two new processes and a relay between them.</summary>
internal static class VoiceRound
{
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan s_onTheWay = TimeSpan.FromSeconds(2);

    public static async Task<VoiceFigures> RunAsync(
        VoiceContest contest,
        LossyVoiceSettings settings,
        ImpairmentOptions profile,
        ulong seed,
        CProgram? srt,
        CancellationToken cancellation
    )
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(settings.Seconds + settings.WarmUpSeconds) + s_onTheWay + s_slack);
        try
        {
            return await RunPairAsync(contest, settings, profile, seed, contest.IsSrt ? srt : null, deadline.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new BenchmarkFailure("did not end in time and was killed");
        }
    }

    private static async Task<VoiceFigures> RunPairAsync(
        VoiceContest contest,
        LossyVoiceSettings settings,
        ImpairmentOptions profile,
        ulong seed,
        CProgram? srt,
        CancellationToken cancellation
    )
    {
        (int clientPort, int serverPort) = FreePorts.FindTwo();
        using LossyRelay relay = new(profile, seed, clientPort, serverPort);
        VoicePlan plan = new()
        {
            BudgetMillis = contest.BudgetMillis,
            Size = settings.Size,
            DurationMicros = (long)((settings.Seconds + settings.WarmUpSeconds) * 1e6),
            PhaseMicros = Phases(settings.Streams, seed),
        };
        using VoiceProcess server = VoiceProcess.Start(
            plan with
            {
                OwnPort = serverPort,
                PeerPort = relay.ServerSide,
            },
            srt
        );
        await server.ExpectAsync("ready", cancellation).ConfigureAwait(false);
        using VoiceProcess client = VoiceProcess.Start(
            plan with
            {
                IsClient = true,
                OwnPort = clientPort,
                PeerPort = relay.ClientSide,
            },
            srt
        );
        string[] begin = await client.ExpectAsync("begin", cancellation).ConfigureAwait(false);
        long start = ChildProgram.Number(begin[0]);
        long from = start + (long)(settings.WarmUpSeconds * 1e9);
        relay.Measure(from, start + (plan.DurationMicros * 1000));
        Stalls atClient = await client.ReadStallsAsync(cancellation).ConfigureAwait(false);
        await Task.Delay(s_onTheWay, cancellation).ConfigureAwait(false);
        (IReadOnlyList<Delivery> deliveries, Stalls atServer) = await server
            .ReadDeliveriesAsync(cancellation)
            .ConfigureAwait(false);
        relay.Dispose();
        Stalls stalls = relay.Stalls;
        stalls.Add(atClient);
        stalls.Add(atServer);
        long limit = (long)(profile.Delay + TimeSpan.FromMilliseconds(contest.BudgetMillis)).TotalNanoseconds;
        return VoiceFigures.Of(plan, start, from, limit, deliveries) with
        {
            Sent = relay.Sent,
            Returned = relay.Returned,
            Stalls = [.. stalls.After(from)],
        };
    }

    private static long[] Phases(int streams, ulong seed)
    {
        SplitMix64 random = new(SplitMix64.SeedOf(seed, 3));
        long[] phases = new long[streams];
        for (int i = 0; i < streams; i++)
            phases[i] = (long)(random.NextDouble() * VoicePlan.PeriodMicros);
        return phases;
    }
}
