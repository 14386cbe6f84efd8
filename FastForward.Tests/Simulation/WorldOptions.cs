using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Simulation;

/// <summary>
/// The properties of one world, drawn from its choices. Each feature is absent in many worlds: a fault that is always
/// there hides what happens without it.
/// </summary>
internal sealed record WorldOptions
{
    public int Nodes { get; init; }

    /// <summary>The media between the nodes.</summary>
    public required TransportKind[] Media { get; init; }

    public long MinDelay { get; init; }

    public long MaxDelay { get; init; }

    public double Loss { get; init; }

    public double Duplication { get; init; }

    public double Ghosts { get; init; }

    public double Damage { get; init; }

    public int QueueFrames { get; init; }

    public long BytesPerMilli { get; init; }

    public int FrameSize { get; init; }

    public int LongestDatagram { get; init; }

    public int StoreBytes { get; init; }

    public int WindowBytes { get; init; }

    public int ReplayWindow { get; init; }

    public int MaxStreams { get; init; }

    public int MaxStreamsOfFirst { get; init; }

    public long DeadAfter { get; init; }

    public long ProbeInterval { get; init; }

    public long RealTimeBudget { get; init; }

    /// <summary>Messages that each node tries to send.</summary>
    public int Steps { get; init; }

    /// <summary>The longest time between two of them.</summary>
    public long MaxGap { get; init; }

    public int Faults { get; init; }

    public long MaxFaultGap { get; init; }

    public long LongestFault { get; init; }

    /// <summary>The most that the clock of a node gains or loses, in microseconds per second.</summary>
    public int Drift { get; init; }

    /// <summary>The clocks begin shortly before their timestamps begin again at 0.</summary>
    public bool WrapsClocks { get; init; }

    /// <summary>The application processes messages late.</summary>
    public bool HoldsCredit { get; init; }

    /// <summary>The application sends within its callbacks.</summary>
    public bool Replies { get; init; }

    public required TrafficShape Shape { get; init; }

    public static WorldOptions Draw(ChoiceStream draw)
    {
        bool hasDatagrams = !draw.Chance(0.2);
        bool hasConnections = !hasDatagrams || draw.Chance(0.5);
        long maxDelay = Of(1_000L, 1_000, 20_000, 80_000, 200_000);
        int longest = Of(300, 1_200, 5_000, 30_000);
        int store = Of(4 << 20, 4 << 20, 256 << 10, 16 << 10, 4 << 10);
        return new WorldOptions
        {
            Nodes = Of(2, 2, 2, 3),
            Media =
            [
                .. hasDatagrams ? [TransportKind.Ip] : Array.Empty<TransportKind>(),
                .. hasConnections ? [TransportKind.Socket] : Array.Empty<TransportKind>(),
            ],
            MinDelay = Of(0, 0, maxDelay / 2, maxDelay),
            MaxDelay = maxDelay,
            Loss = Of(0, 0, 0.01, 0.05, 0.2, 0.5),
            Duplication = Of(0, 0, 0.02, 0.2),
            Ghosts = Of(0, 0, 0.01, 0.1),
            Damage = Of(0, 0, 0, 0.01, 0.1),
            QueueFrames = Of(int.MaxValue, 100, 20, 4),
            BytesPerMilli = Of(0L, 0, 1_000, 100),
            FrameSize = Of(1_200, 1_200, 1_472, 4_096),
            LongestDatagram = Of(int.MaxValue, int.MaxValue, int.MaxValue, 1_200, 1_000, 576),
            StoreBytes = store,
            WindowBytes = Of(4 << 20, 4 << 20, 64 << 10, 4 << 10),
            ReplayWindow = Of(8_192, 64, 128),
            MaxStreams = Of(1_024, 20, 8, 4),
            MaxStreamsOfFirst = Of(1_024, 1_024, 3),
            DeadAfter = Of(10_000_000L, 5_000_000, 30_000_000),
            ProbeInterval = Of(1_000_000L, 300_000),
            RealTimeBudget = Of(120_000L, 120_000, 20_000, 1_000_000),
            Steps = Of(20, 40, 80, 150),
            MaxGap = Of(1_000L, 10_000, 40_000, 100_000),
            Faults = Of(0, 1, 3, 8, 16),
            MaxFaultGap = Of(200_000L, 1_000_000, 2_000_000),
            LongestFault = Of(500_000L, 3_000_000, 12_000_000),
            Drift = Of(0, 200),
            WrapsClocks = draw.Chance(0.5),
            HoldsCredit = draw.Chance(0.3),
            Replies = draw.Chance(0.3),
            Shape = new TrafficShape
            {
                RealTimeShare = Of(3, 1, 2, 10, 1_000_000),
                RealTimeStreams = Of(1, 3),
                RealTimeLongest = Math.Min(Of(300, 300, 1_100), store / 8),
                RealTimeEndShare = Of(0, 20, 4),
                OpenStreams = Of(1, 2, 6, 12),
                LongShare = Of(10, 3, 100),
                // What never fits would wait for ever.
                Longest = Math.Min(longest, Math.Min(store, WireFormat.InitialStreamCredit) / 4),
                EndShare = Of(5, 2, 50),
                ResetShare = Of(15, 4, 1_000_000),
            },
        };

        T Of<T>(params ReadOnlySpan<T> values) => values[(int)draw.Below(values.Length)];
    }

    public override string ToString() =>
        $"{Nodes} nodes, {string.Join('+', Media)}, delay {MinDelay}..{MaxDelay}, loss {Loss}, "
        + $"duplication {Duplication}, replay window {ReplayWindow}, "
        + $"ghosts {Ghosts}, damage {Damage}, queue {QueueFrames} at {BytesPerMilli} B/ms, frames {FrameSize}, "
        + $"longest {LongestDatagram}, store {StoreBytes}, window {WindowBytes}, "
        + $"streams {MaxStreams} and {MaxStreamsOfFirst}, "
        + $"dead after {DeadAfter}, probes {ProbeInterval}, budget {RealTimeBudget}, steps {Steps} x {MaxGap}, "
        + $"faults {Faults} x {MaxFaultGap} up to {LongestFault}, drift {Drift}, wraps clocks {WrapsClocks}, "
        + $"holds credit {HoldsCredit}, replies {Replies}, {Shape}";
}
