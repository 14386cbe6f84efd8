using FastForward.Host.Control;
using FastForward.Host.Demo;
using FastForward.Host.Monitoring;
using FastForward.Host.Screens;

namespace FastForward.Tests.Host;

/// <summary>What <c>ping</c> and <c>stat</c> make of their figures.</summary>
public sealed class MonitoringTests
{
    [TestCase(0, "0")]
    [TestCase(0.5, "0.50")]
    [TestCase(7, "7")]
    [TestCase(12.34, "12.3")]
    [TestCase(99.96, "100")]
    [TestCase(999.4, "999")]
    [TestCase(999.6, "1.00k")]
    [TestCase(12_345, "12.3k")]
    [TestCase(999_999, "1.00M")]
    [TestCase(4.2e12, "4.20T")]
    public void Numbers_are_short(double value, string text) => Assert.That(Figures.Compact(value), Is.EqualTo(text));

    [TestCase(0, "0")]
    [TestCase(0.0001, "0.01")]
    [TestCase(9.999, "10.0")]
    [TestCase(99.97, "100")]
    public void Little_loss_is_not_shown_as_none(double value, string text) =>
        Assert.That(Figures.Percent(value), Is.EqualTo(text));

    [TestCase(59.9, "59s")]
    [TestCase(245, "04:05")]
    [TestCase(11_100, "03h05")]
    [TestCase(90_000, "01d01")]
    [TestCase(1e12, "9999d")]
    public void Ages_are_short(double seconds, string text) => Assert.That(Figures.Age(seconds), Is.EqualTo(text));

    [TestCase(43, "43 us")]
    [TestCase(9_999.6, "10.0 ms")]
    [TestCase(999_949, "999.9 ms")]
    [TestCase(1_500_000, "1.50 s")]
    public void Times_have_their_unit(double micros, string text) =>
        Assert.That(Figures.Micros(micros), Is.EqualTo(text));

    [Test]
    public void The_summary_counts_and_sorts()
    {
        PingSummary summary = new();
        PingFigures none = summary.Figures(5);
        Assert.That(
            (none.Sent, none.LossPercent, none.MinMicros, none.P50Micros, none.MeanMicros),
            Is.EqualTo((0L, 0.0, (long?)null, (long?)null, (double?)null))
        );
        for (long time = 1; time <= 100; time++)
            summary.Add(new PingReply(time, PingReply.Answered, true, time, 0, "X"));
        summary.Add(new PingReply(101, PingReply.TimedOut, true, 0, 0, "X"));
        summary.Add(new PingReply(102, PingReply.NotConnected, false, 0, 0, null, "why"));
        PingFigures figures = summary.Figures(5);
        Assert.That(
            (figures.Sent, figures.Received, figures.MinMicros, figures.MaxMicros, figures.MeanMicros),
            Is.EqualTo((102L, 100L, (long?)1, (long?)100, (double?)50.5))
        );
        Assert.That(
            (figures.P50Micros, figures.P90Micros, figures.P99Micros),
            Is.EqualTo(((long?)50, (long?)90, (long?)99))
        );
        Assert.That(figures.LossPercent, Is.EqualTo(200.0 / 102).Within(1e-9));
    }

    [TestCase(80)]
    [TestCase(100)]
    [TestCase(132)]
    public void Stat_fits_the_width_or_says_what_it_leaves_out(int width)
    {
        PeerReport largest = Peer(uint.MaxValue) with
        {
            MessagesSent = long.MaxValue / 2,
            PayloadBytesSent = 999_999_999_999,
            UndeliveredMessages = 999_949,
            SkippedMessages = 999_950,
            DroppedMessages = 999_999_999,
            StoredBytes = 4 << 20,
            InStateSeconds = 1e10,
            Reason = new string('x', 200),
            Paths = [Path("FORWARD_TRANSPORT_VSOCKET", true), Path("FORWARD_TRANSPORT_IP", false)],
        };
        IReadOnlyList<string> lines = Lines(
            width,
            Report(20, largest),
            Report(10, largest with { MessagesSent = 0, PayloadBytesSent = 0 })
        );
        Assert.That(
            lines.Select(static line => line.Length),
            Is.All.LessThanOrEqualTo(width),
            string.Join('\n', lines)
        );
        string head = lines.First(static line => line.TrimStart().StartsWith("peer ", StringComparison.Ordinal));
        string[] heads = head.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> left = lines.FirstOrDefault(static line =>
            line.StartsWith(LeftOut, StringComparison.Ordinal)
        )
            is { } told
            ? told[LeftOut.Length..].Split(", ")
            : [];
        Assert.That(heads.Length + left.Count(), Is.EqualTo(19), head);
        if (width != 100)
            Assert.That(left.Any(), Is.EqualTo(width < 100));
    }

    [Test]
    public void An_ordinary_stat_leaves_nothing_important_out_at_80_columns()
    {
        PeerReport peer = Peer(250_012) with { Paths = [Path("FORWARD_TRANSPORT_SOCKET", true)] };
        string head = Lines(80, Report(20, peer), Report(10, peer))
            .Single(static line => line.TrimStart().StartsWith("peer ", StringComparison.Ordinal));
        Assert.That(head, Does.Match("st +path +rtt .*loss .*out/s .*in/s .*undel +miss +drop"));
    }

    [Test]
    public void What_is_wrong_comes_first_and_a_dead_peer_has_no_figures()
    {
        PeerReport dead = Peer(9) with { State = "connecting", MessagesSent = 100, Reason = "it went \u001b[2J away" };
        PeerReport suspect = Peer(8) with { State = "suspect", Reason = "silent" };
        NodeReport report = Report(20, Peer(7)) with
        {
            Peers = [Peer(7), suspect, dead],
            Unconfigured = [],
            Actors = [new ActorReport("bridge dns", "127.0.0.1:5300", 1, 3, 1000, 900, 5)],
        };
        NodeReport before = report with
        {
            UptimeSeconds = 10,
            Peers = [Peer(7), suspect, dead with { MessagesSent = 0 }],
            Actors = [new ActorReport("bridge dns", "127.0.0.1:5300", 1, 3, 500, 400, 1)],
        };
        List<string> lines = [.. Lines(100, report, before)];
        Assert.That(lines[0], Does.StartWith("12:34:56  node 4294967295  up 20s "));
        int first = lines.FindIndex(static line => line.StartsWith("9 DOWN 1s", StringComparison.Ordinal));
        Assert.That(lines[first], Does.Match(@"it went \\u001B\[2J away"));
        Assert.That(lines[first + 1], Does.Match("^8 SUSPECT 1s +silent"));
        Assert.That(lines[first + 2], Does.Match("^bridge dns +4 datagrams dropped"));
        int head = lines.FindIndex(static line => line.TrimStart().StartsWith("peer ", StringComparison.Ordinal));
        Assert.That(head, Is.GreaterThan(first));
        Assert.That(lines[head + 1], Does.Match(@"^ *9 +DOWN +-( +-){8} +0 "), "no rates of what is not sent");
        Assert.That(lines[head + 2], Does.Match(@"^ *8 +SUSPECT "));
        Assert.That(lines[head + 3], Does.Match(@"^ *7 +up "));
        Assert.That(lines, Has.Some.Match(@"^bridge dns +127\.0\.0\.1:5300 +1 +3 +50 +50 +1\.00k +900 +5$"));
    }

    [Test]
    public void An_impairment_is_shown_before_everything_else()
    {
        NodeReport report = Report(20, Peer(7) with { State = "suspect", Reason = "silent" }) with
        {
            File = "f.conf",
            Impairment = new ImpairmentReport("loss=2%, seed=7", 1000, 20, 3, 1, 5, 999),
        };
        IReadOnlyList<string> lines = Lines(132, report, null);
        Assert.That(
            string.Join(' ', lines.Skip(1).Take(2).Select(static line => line.Trim())),
            Does.Match(
                "^IMPAIRED +on purpose, by impair = loss=2%, seed=7: of 1.00k datagrams sent 20 lost, 3 in outages, "
                    + "1 for lack of room, 5 twice"
            )
        );
    }

    [TestCase(0, true, "7 +real-time messages are lost for good: the path is congested")]
    [TestCase(1, false, "7 +real-time messages are sent 2 times: the path is congested")]
    public void What_is_done_about_loss_is_shown(int copies, bool loses, string expected)
    {
        PeerReport peer = Peer(7) with
        {
            RealTimeCopies = copies,
            LosesRealTime = loses,
            RealTimeCopiesReason = "the path is congested",
        };
        Assert.That(Lines(132, Report(20, peer), null), Has.Some.Match($"^{expected}"));
        Assert.That(Lines(132, Report(20, Peer(7)), null), Has.None.Contains("real-time messages are"));
    }

    [Test]
    public void What_a_second_path_saves_is_shown()
    {
        PeerReport peer = Peer(7) with { ReceivedTwice = 1_000, RescuedMessages = 20, SkippedMessages = 3 };
        Assert.That(
            Lines(132, Report(20, peer), null),
            Has.Some.Match(
                "^7 +a second path has saved 20 of 1.00k real-time messages that came over it; 3 came over none"
            )
        );
        Assert.That(Lines(132, Report(20, Peer(7)), null), Has.None.Contains("second path"));
    }

    [Test]
    public void Colours_are_for_terminals_only()
    {
        NodeReport report = Report(20, Peer(7) with { State = "connecting" });
        HostReading[] now = [new(new ControlTarget("x", []), report, null)];
        Assert.That(
            Screen.Lines(StatView.Of(now, null, s_clock, 80), 80, colors: true),
            Has.Some.Match("\u001b\\[1;[0-9;]+m7 DOWN 1s")
        );
        Assert.That(Lines(80, report, null), Has.None.Contains('\u001b'));
    }

    [Test]
    public void A_long_reason_goes_on_below_between_words()
    {
        string reason = string.Join(' ', Enumerable.Range(100, 60));
        List<string> lines = [.. Lines(100, Report(20, Peer(7) with { State = "suspect", Reason = reason }), null)];
        int first = lines.FindIndex(static line => line.StartsWith("7 SUSPECT", StringComparison.Ordinal));
        string[] told =
        [
            lines[first],
            .. lines.Skip(first + 1).TakeWhile(static line => line.StartsWith("    ", StringComparison.Ordinal)),
        ];
        Assert.That(told, Has.Length.EqualTo(3));
        Assert.That(string.Join(' ', told.Select(static line => line.Trim())), Does.EndWith(reason));
    }

    [Test]
    public void Rates_are_those_between_two_reports_and_none_across_a_restart()
    {
        NodeReport before = Report(10, Peer(7) with { MessagesSent = 100, PayloadBytesSent = 1000 });
        NodeReport now = Report(12, Peer(7) with { MessagesSent = 200, PayloadBytesSent = 41_000 });
        Assert.That(Row(now, before), Does.Match(@" 50 +20\.0k +0 +0 "));
        Assert.That(Row(now with { ProcessId = 2 }, before), Does.Match(" - +- +- +- +0"));

        static string Row(NodeReport now, NodeReport before) =>
            Lines(132, now, before)
                .Single(static line => line.TrimStart().StartsWith("7 up ", StringComparison.Ordinal));
    }

    [Test]
    public void The_demo_table_fits_80_columns_with_every_reason()
    {
        using StringWriter output = new();
        DemoScreen.WriteTable(
            output,
            new DemoDocument([
                new TransportReport
                {
                    Type = "FORWARD_TRANSPORT_IP",
                    Available = true,
                    Sent = 123_456,
                    Delivered = 123_456,
                    RttP50Micros = 118.3,
                    RttP99Micros = 12_402.9,
                },
                new TransportReport
                {
                    Type = "FORWARD_TRANSPORT_VSOCKET",
                    Available = false,
                    Reason = string.Join(' ', Enumerable.Repeat("absent", 30)),
                },
            ]),
            80,
            colors: false
        );
        string[] lines = output.ToString().Split('\n');
        Assert.That(lines.Select(static line => line.Length), Is.All.LessThanOrEqualTo(80));
        Assert.That(lines, Has.Some.Match("^FORWARD_TRANSPORT_IP +123456 +0 +0 +0 +118.3 +12402.9 +ok$"));
        Assert.That(lines, Has.Some.Match("^FORWARD_TRANSPORT_VSOCKET +- +- +- +- +- +- +not run$"));
        Assert.That(lines, Has.Some.StartsWith("FORWARD_TRANSPORT_VSOCKET: absent"));
    }

    private const string LeftOut = "left out for want of room: ";
    private static readonly DateTimeOffset s_clock = new(2026, 1, 2, 12, 34, 56, TimeSpan.Zero);

    [Test]
    public void Paths_of_a_peer_that_has_several_are_told_apart()
    {
        PathReport first = Path("FORWARD_TRANSPORT_IP", true) with
        {
            State = "sound",
            Remote = "127.0.0.3:54000",
            Local = "127.0.0.1:54000",
        };
        PathReport second = first with { Local = "127.0.0.2:54000", InUse = false, KeyId = 5, Sealed = true };
        PathReport third = first with { Remote = "127.0.0.4:54000", InUse = false, Former = true };
        IReadOnlyList<string> lines = Lines(
            132,
            Report(10, Peer(1) with { State = "connected", Paths = [first, second, third] }),
            null
        );
        string[][] rows =
        [
            .. lines
                .Where(static line => line.Contains("127.0.0."))
                .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        ];
        Assert.That(
            rows.Select(static row => string.Join(' ', row[1..7])),
            Is.EqualTo(
                new[]
                {
                    "IP 127.0.0.3:54000 127.0.0.1:54000 - sound yes",
                    "IP 127.0.0.3:54000 127.0.0.2:54000 5 sound no",
                    "IP 127.0.0.4:54000 127.0.0.1:54000 - former no",
                }
            ),
            string.Join('\n', lines)
        );
    }

    private static IReadOnlyList<string> Lines(int width, NodeReport now, NodeReport? before)
    {
        ControlTarget target = new("x", []);
        return Screen.Lines(
            StatView.Of(
                [new HostReading(target, now, null)],
                before is null ? null : [new HostReading(target, before, null)],
                s_clock,
                width
            ),
            width,
            colors: false
        );
    }

    private static NodeReport Report(double uptime, PeerReport peer) =>
        new()
        {
            Node = uint.MaxValue,
            ProcessId = 1,
            File = new string('f', 200),
            UptimeSeconds = uptime,
            Loop = new LoopReport(
                "busyspin",
                1_000_000_000_000,
                2_000_000_000_000,
                999_949,
                1_000_000,
                10_000,
                1000,
                1000
            ),
            Transports = [new TransportLine("FORWARD_TRANSPORT_VSOCKET", [], new string('r', 200))],
            Peers = [peer],
            Unconfigured = [new UnconfiguredReport(uint.MaxValue, "FORWARD_TRANSPORT_SOCKET", long.MaxValue, 1e9)],
            MessagesSent = 0,
            MessagesReceived = 0,
            FramesSent = 0,
            FramesReceived = 0,
            UndeliveredMessages = 0,
            MalformedFrames = 0,
            RefusedHandshakes = 0,
        };

    private static PeerReport Peer(uint node) =>
        new()
        {
            Node = node,
            State = "connected",
            InStateSeconds = 1,
            Reason = null,
            Paths = [],
            StoredBytes = 0,
            StoreLimitBytes = 4 << 20,
            MessagesSent = 0,
            PayloadBytesSent = 0,
            MessagesReceived = 0,
            PayloadBytesReceived = 0,
            UndeliveredMessages = 0,
            SkippedMessages = 0,
            DroppedMessages = 0,
        };

    private static PathReport Path(string transport, bool inUse) =>
        new()
        {
            Transport = transport,
            State = "sound",
            InUse = inUse,
            AgeSeconds = 1,
            RoundTripMicros = 12_345_678,
            JitterMicros = 99_999,
            LossPercent = 99.97,
            ReorderedPercent = 9.999,
            FramesSent = 0,
            FramesReceived = 0,
            FramesLost = 0,
            FramesReordered = 0,
        };
}
