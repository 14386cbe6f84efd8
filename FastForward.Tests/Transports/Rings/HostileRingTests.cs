using System.Diagnostics;
using System.Globalization;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Rings;
using FastForward.Transport.Transports.Socket;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Transports.Rings;

/// <summary>
/// A peer writes anything into all that it can write, at any time. <c>FASTFORWARD_HOSTILE_SECONDS</c> sets how long.
/// </summary>
public sealed class HostileRingTests
{
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(
        double.Parse(
            Environment.GetEnvironmentVariable("FASTFORWARD_HOSTILE_SECONDS") ?? "8",
            CultureInfo.InvariantCulture
        )
    );

    private readonly FakeTimeProvider _time = new();

    [Test]
    public void It_breaks_its_own_links_and_nothing_else(
        [Values(IdleStrategy.Block, IdleStrategy.Adaptive)] IdleStrategy idle
    )
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        Random random = new(seed);
        int mappings = RingPeer.Mappings();
        using TemporaryDirectory directory = new();
        using CancellationTokenSource stop = new();
        SocketTransport victim = new(new SocketTransportOptions { Port = 101, Directory = directory.Path });
        Thread thread = new(() => Serve(victim, idle, stop.Token));
        thread.Start();
        string path = directory["FastForward.101.sock"];
        Wait(() => File.Exists(path), "the socket");
        int links = 0;
        using RingPeer bystander = RingPeer.Open(path, Wait);
        CheckEcho(bystander); // its link is open: otherwise it would time out when the time jumps
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < s_duration / 2)
        {
            using RingPeer peer = OpenWhenForgiven(path);
            links++;
            for (int step = random.Next(1, 3_000); step > 0 && Misuse(peer, random); step--) { }

            CheckEcho(bystander);
        }

        using (RingPeer last = OpenWhenForgiven(path))
            CheckEcho(last);
        stop.Cancel();
        Assert.That(thread.Join(LoopDriver.Limit), Is.True, "the loop ends");
        TestContext.Out.WriteLine($"{links} links, {victim.Statistics.ProtocolViolations} of them broken");
        Assert.That(victim.Statistics.ProtocolViolations, Is.Positive);
        Assert.That(victim.Statistics.LinksOpened, Is.GreaterThan(victim.Statistics.ProtocolViolations));
        bystander.Dispose();
        Assert.That(RingPeer.Mappings(), Is.EqualTo(mappings));
    }

    // Otherwise its user would get no ring for an hour. The end of its last link may be noticed only now, and also
    // after a ring was offered: the link over which it was is the one to open.
    private RingPeer OpenWhenForgiven(string path)
    {
        RingPeer? peer = null;
        Wait(
            () =>
            {
                peer?.Dispose();
                _time.Advance(TimeSpan.FromHours(2));
                peer = RingPeer.Connect(path, Wait);
                return peer.IsOffered;
            },
            "a ring is offered"
        );
        peer!.Open(Wait);
        return peer;
    }

    // False when the other side has closed the link.
    private static bool Misuse(RingPeer peer, Random random)
    {
        switch (random.Next(12))
        {
            case 0:
                peer.Set(AnyWord(random), (ulong)random.NextInt64());
                break;
            case 1:
                peer.Set(AnyWord(random), (ulong)random.Next(RingPeer.Capacity));
                break;
            case <= 4: // plausible, so that the link lives for a while
                peer.Set(RingWord.Sleeping, (ulong)random.Next());
                peer.Set(RingWord.WantsRoom, (ulong)random.Next());
                break;
            case <= 7:
                peer.Put(random.Next(RingPeer.Capacity / 8) * 8, (uint)random.Next());
                break;
            case 8:
                peer.Put(random.Next(RingPeer.Capacity / 8) * 8, uint.MaxValue);
                break;
            case 9:
                return peer.Socket.Send(new byte[random.Next(1, 3)]);
            default:
                peer.Send(random.Next(1, 2_000), changesWhileRead: random.Next(2) == 0);
                break;
        }

        return random.Next(20) > 0 || peer.Socket.Receive() is not null;
    }

    private static RingWord AnyWord(Random random) =>
        random.GetItems([RingWord.Tail, RingWord.Head, RingWord.Sleeping, RingWord.WantsRoom], 1)[0];

    private static void CheckEcho(RingPeer peer)
    {
        ulong before = peer.Get(RingWord.Tail);
        peer.Send(100, changesWhileRead: false);
        Wait(() => peer.Get(RingWord.Tail) > before, "the echo");
        peer.Set(RingWord.Head, peer.Get(RingWord.Tail));
    }

    private static void Wait(Func<bool> condition, string what) =>
        Assert.That(SpinWait.SpinUntil(condition, LoopDriver.Limit), Is.True, what);

    private void Serve(SocketTransport transport, IdleStrategy idle, CancellationToken cancellationToken)
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = idle, FailFast = true }, _time);
        transport.Start(loop, new TransportPeer());
        loop.Add(transport);
        loop.Run(cancellationToken);
        loop.Remove(transport);
        transport.Dispose();
    }
}
