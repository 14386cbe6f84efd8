using System.Diagnostics;
using System.Globalization;
using FastForward.Tests.Node;
using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Flood;

/// <summary>
/// A process with a key is flooded with every kind of forged datagram while it has calls. How much it takes is in the
/// output; FASTFORWARD_FLOOD_RATE sets the datagrams per second, FASTFORWARD_FLOOD_SECONDS the time for each kind.
/// </summary>
[Category("Process")]
public sealed class KeyedFloodTests
{
    private const int Streams = 5;
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(20);
    private static readonly int s_rate = (int)Setting("FASTFORWARD_FLOOD_RATE", 20_000);
    private static readonly double s_seconds = Setting("FASTFORWARD_FLOOD_SECONDS", 0.25);

    [Test]
    public void Calls_go_on_while_a_process_is_flooded_with_all_that_can_be_forged()
    {
        using FloodRelay relay = new();
        using TestProcess process = TestProcess.Start("flooded", $"{relay.FarPort}");
        int port = int.Parse(process.ReadLine(), CultureInfo.InvariantCulture);
        using NodeWorld world = new();
        using ForwardKey key = FloodedNode.NewKey();
        TestNode caller = world.Start(FloodedNode.Caller, options => options.Keys = [key], vsockets: false);
        caller.Route(new RouteRow(FloodedNode.Id, FloodedNode.KeyId, TransportKind.Ip, "127.0.0.1", relay.NearPort));
        world.Until(() => caller.Node.GetPeer(FloodedNode.Id) is not null, "the route");
        relay.Start(caller.UdpPort, port);
        world.Until(() => caller.Node.GetPeer(FloodedNode.Id)?.State == PeerState.Connected, "the connection");
        long returned = 0;
        bool inOrder = true;
        ulong[] next = new ulong[Streams];
        caller.OnReceived = (in ReceivedMessage message) =>
        {
            returned++;
            inOrder &= message.SkippedBefore == 0 && message.Sequence == next[message.Stream]++;
        };
        long sent = 0;
        long began = Stopwatch.GetTimestamp();
        using Flooder flooder = new(relay, port, s_rate);

        Talk(s_seconds);
        FloodCounts first = Counts();
        Talk(s_seconds);
        FloodCounts before = Counts();
        double idle = (before.Micros - first.Micros) / s_seconds;
        TestContext.Out.WriteLine("datagrams | per second | ns each | of a core | dropped | bytes back per byte");
        foreach (ForgedKind kind in ForgedKind.All)
        {
            Flood([kind]);
            FloodCounts after = Settle(flooder.Sent, () => kind.Counted(Counts()) - kind.Counted(before), before);
            Report(kind.Name, before, after);
            before = after;
        }

        Flood(ForgedKind.All);
        FloodCounts last = Settle(flooder.Sent, () => Taken(Counts()) - Taken(before), before);
        Report("all in turn", before, last);

        world.Until(() => returned == sent, "all messages, there and back");
        Assert.That(inOrder, Is.True, "lost 0, repeated 0, reordered 0");
        world.Until(() => Counts().SoundPaths == 1, "one path that works");
        Assert.That(Counts().Changes, Is.Zero, "the association is what it was");
        Assert.That(caller.Changes.Where(static change => FloodedNode.IsHarm(change.Kind)), Is.Empty);
        Assert.That(flooder.BytesAnswered, Is.LessThanOrEqualTo(flooder.BytesSent));

        void Flood(IReadOnlyList<ForgedKind> kinds)
        {
            Task flood = Task.Factory.StartNew(
                () => flooder.Flood(kinds, (int)(s_rate * s_seconds)),
                TaskCreationOptions.LongRunning
            );
            world.Until(
                () =>
                {
                    SendDue();
                    return flood.IsCompleted;
                },
                "the end of the flood"
            );
            flood.GetAwaiter().GetResult();
        }

        // All that was sent is counted, but for what the kernel had no room for.
        FloodCounts Settle(long datagrams, Func<long> counted, FloodCounts start)
        {
            world.Until(
                () =>
                {
                    SendDue();
                    return counted() + Counts().Overflowed - start.Overflowed >= datagrams;
                },
                "all counted"
            );
            Assert.That(counted(), Is.LessThanOrEqualTo(datagrams));
            flooder.TakeAnswers();
            return Counts();
        }

        void Report(string name, FloodCounts start, FloodCounts end)
        {
            double seconds = flooder.Elapsed.TotalSeconds;
            long overflowed = end.Overflowed - start.Overflowed;
            double nanos = 1000 * (end.Micros - start.Micros - (idle * seconds)) / (flooder.Sent - overflowed);
            TestContext.Out.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} | {flooder.Sent / seconds:0} | {nanos:0} | {1e9 / nanos:0} | {overflowed} | "
                        + $"{(double)flooder.BytesAnswered / flooder.BytesSent:0.00}"
                )
            );
        }

        void Talk(double duration)
        {
            long start = Stopwatch.GetTimestamp();
            world.Until(
                () =>
                {
                    SendDue();
                    return Stopwatch.GetElapsedTime(start).TotalSeconds > duration;
                },
                "the end of a time"
            );
        }

        void SendDue()
        {
            long due = Streams * (long)(Stopwatch.GetElapsedTime(began) / s_period);
            for (; sent < due; sent++)
            {
                ulong stream = (ulong)(sent % Streams);
                SendResult result = caller.Node.Send(FloodedNode.Id, stream, MessageClass.RealTime, new byte[50]);
                Assert.That(result.IsAccepted, Is.True);
            }
        }

        FloodCounts Counts()
        {
            process.WriteLine("count");
            return FloodCounts.Parse(process.ReadLine());
        }
    }

    // A wrong tag from elsewhere and INITs count as datagrams of strangers, too.
    private static long Taken(FloodCounts counts) => counts.Strangers + counts.Forged + counts.Replayed;

    private static double Setting(string name, double standard) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
            ? double.Parse(text, CultureInfo.InvariantCulture)
            : standard;
}
