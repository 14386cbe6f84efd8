using System.Net;
using FastForward.Tests.Transports;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Impairment;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Impairment;

/// <summary>An impaired transport between a real one and a sink, on a clock of the test.</summary>
public sealed class ImpairedTransportTests
{
    private const int IndexOffset = 4;
    private readonly FakeTimeProvider _time = new();
    private LoopDriver _driver = null!;
    private RecordingSink _near = null!;
    private RecordingSink _far = null!;
    private List<IDisposable> _started = null!;

    [SetUp]
    public void SetUp()
    {
        _driver = new LoopDriver(_time);
        _near = new RecordingSink();
        _far = new RecordingSink();
        _started = [];
    }

    [TearDown]
    public void TearDown()
    {
        foreach (IDisposable transport in _started)
            transport.Dispose();
        _driver.Dispose();
    }

    [Test]
    public void Frames_arrive_after_their_delay_and_not_before()
    {
        (IForwardLink link, ImpairmentStatistics statistics) = Open("delay=30ms");
        Send(link, 10);
        Advance(29);
        Assert.That(_far.Strangers, Is.Empty);
        Advance(1);
        Receive(10);
        Assert.That(Numbers(), Is.EqualTo(Enumerable.Range(0, 10)), "a constant delay keeps the order");
        Assert.That((statistics.Frames, statistics.Delayed), Is.EqualTo((10L, 10L)));
    }

    [Test]
    public void With_jitter_and_copies_they_overtake_each_other_and_come_twice()
    {
        (IForwardLink link, ImpairmentStatistics statistics) = Open("delay=30ms, jitter=75ms, duplicate=50%, seed=7");
        Send(link, 100);
        Advance(105);
        Receive(100 + (int)statistics.Duplicated);
        int[] numbers = Numbers();
        Assert.That(numbers, Is.Not.Ordered);
        Assert.That(numbers.Distinct(), Is.EquivalentTo(Enumerable.Range(0, 100)));
        Assert.That(statistics.Duplicated, Is.InRange(25, 75));
        Assert.That(numbers.GroupBy(static number => number).Max(static group => group.Count()), Is.EqualTo(2));
    }

    [Test]
    public void The_same_seed_loses_the_same_frames_and_another_node_loses_others()
    {
        int[] first = Lose("loss=30%, seed=7", 1),
            again = Lose("loss=30%, seed=7", 1),
            other = Lose("loss=30%, seed=7", 2),
            seed = Lose("loss=30%, seed=8", 1);
        Assert.That(first, Has.Length.InRange(100, 180).And.Ordered);
        Assert.That(again, Is.EqualTo(first));
        Assert.That(other, Is.Not.EqualTo(first));
        Assert.That(seed, Is.Not.EqualTo(first));

        int[] Lose(string settings, uint node)
        {
            (IForwardLink link, ImpairmentStatistics statistics) = Open(settings, node);
            Send(link, 200);
            Receive(200 - (int)statistics.Lost);
            int[] numbers = Numbers();
            Assert.That(numbers, Has.Length.EqualTo(statistics.Frames - statistics.Lost));
            _far.Strangers.Clear();
            return numbers;
        }
    }

    [Test]
    public void Links_of_a_transport_have_fates_of_their_own()
    {
        (IForwardLink link, _) = Open("loss=30%, seed=7");
        IForwardLink second = link.Transport.Connect(link.RemoteEndPoint);
        _driver.Until(() => _near.OpenedLinks.Contains(second), "open");
        Send(link, 100);
        _driver.UntilQuiet();
        int[] first = Numbers();
        _far.Strangers.Clear();
        Send(second, 100);
        _driver.UntilQuiet();
        Assert.That(Numbers(), Is.Not.EqualTo(first).And.Length.InRange(40, 95));
    }

    [Test]
    public void A_full_queue_drops_the_last_frames_and_counts_them()
    {
        (IForwardLink link, ImpairmentStatistics statistics) = Open("delay=30ms, queue=4");
        Send(link, 10);
        Assert.That((statistics.Delayed, statistics.Overflowed), Is.EqualTo((4L, 6L)));
        Advance(30);
        Receive(4);
        Assert.That(Numbers(), Is.EqualTo(Enumerable.Range(0, 4)));
        Send(link, 4); // there is room again
        Advance(30);
        Receive(8);
        Assert.That(statistics.Overflowed, Is.EqualTo(6));
    }

    [Test]
    public void In_an_outage_all_frames_are_lost()
    {
        (IForwardLink link, ImpairmentStatistics statistics) = Open("outage=20ms/100ms");
        int sent = 0;
        for (int i = 0; i < 50; i++) // every 10 ms: of ten frames two meet the outage
        {
            Send(link, 1);
            sent++;
            Advance(10);
        }

        Receive(sent - (int)statistics.LostInOutages);
        Assert.That((statistics.LostInOutages, statistics.Lost), Is.EqualTo((10L, 0L)));
        Assert.That(_far.Strangers, Has.Count.EqualTo(40));
    }

    [Test]
    public void A_link_that_closes_passes_on_what_was_delayed()
    {
        (IForwardLink link, _) = Open("delay=1s");
        IForwardLink other = link.Transport.Connect(link.RemoteEndPoint);
        _driver.Until(() => _near.OpenedLinks.Contains(other), "open");
        Send(link, 3);
        Send(other, 5);
        link.Close();
        _driver.Until(() => _near.HasClosed(link), "closed");
        Receive(3);
        Assert.That(_far.Strangers, Has.Count.EqualTo(3), "only its own");
        Assert.That(link.TryClaim(8, out _), Is.EqualTo(ClaimResult.Closed));
        link.Transport.Dispose();
        _driver.Detach(link.Transport);
        _started.Remove(link.Transport);
        Receive(8);
        Assert.That(_near.ClosureOf(other).Reason, Is.EqualTo(LinkCloseReason.TransportStopped));
    }

    [Test]
    public void A_reliable_medium_is_not_impaired()
    {
        using TemporaryDirectory directory = new();
        SocketTransport receiver = new(new SocketTransportOptions { Port = 2, Directory = directory.Path });
        Start(receiver, _far);
        ImpairmentStatistics statistics = new(Parse("loss=90%, delay=1s"));
        ImpairedTransport sender = new(
            new SocketTransport(new SocketTransportOptions { Port = 1, Directory = directory.Path }),
            statistics,
            1
        );
        Start(sender, _near);
        IForwardLink link = sender.Connect(receiver.LocalEndPoints[0]);
        _driver.Until(() => _near.OpenedLinks.Contains(link), "open");
        Assert.That(link.Traits.Reliable);
        Send(link, 100);
        _driver.Until(() => _far.Frames.Count == 100, "all frames");
        Assert.That(statistics.Frames, Is.Zero);
    }

    [Test]
    public void A_claim_ends_with_commit_abort_or_close()
    {
        (IForwardLink link, ImpairmentStatistics statistics) = Open("loss=0%");
        Assert.That(() => link.Abort(), Throws.InvalidOperationException);
        Assert.That(() => link.Commit(1, false), Throws.InvalidOperationException);
        Assert.That(link.TryClaim(link.Traits.MaxFrameSize + 1, out _), Is.EqualTo(ClaimResult.TooLarge));
        Assert.That(link.TryClaim(20, out Span<byte> span), Is.EqualTo(ClaimResult.Claimed));
        Assert.That(span.Length, Is.EqualTo(20));
        Assert.That(() => link.TryClaim(20, out _), Throws.InvalidOperationException);
        Assert.That(() => link.Commit(21, false), Throws.InvalidOperationException);
        link.Abort();
        Assert.That(() => link.Commit(1, false), Throws.InvalidOperationException);
        Assert.That(statistics.Frames, Is.Zero);
        Send(link, 1);
        Receive(1);
        Assert.That(link.TryClaim(20, out _), Is.EqualTo(ClaimResult.Claimed));
        link.Close();
        Assert.That(() => link.Commit(1, false), Throws.InvalidOperationException);
    }

    [Test]
    public void Frames_allocate_nothing_once_the_queue_is_warm()
    {
        (IForwardLink link, ImpairmentStatistics statistics) = Open("bad-wan, seed=7");
        _far.Records = false;
        Exchange(50);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exchange(50);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(statistics.Duplicated, Is.Positive);
        Assert.That(statistics.Delayed, Is.GreaterThan(1900));
        Assert.That(_far.Strangers, Is.Empty);
        Assert.That(allocated, Is.Zero, $"{statistics.Frames} frames");

        void Exchange(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                Send(link, 20);
                Advance(10);
            }
        }
    }

    private static ImpairmentOptions Parse(string settings)
    {
        Assert.That(ImpairmentOptions.TryParse(settings, out ImpairmentOptions? options, out string? problem), problem);
        return options!;
    }

    /// <summary>A link of an impaired transport to a plain one, to which its frames are those of strangers.</summary>
    private (IForwardLink Link, ImpairmentStatistics Statistics) Open(string settings, uint node = 1)
    {
        ImpairmentStatistics statistics = new(Parse(settings));
        IpTransport receiver = new(new IpTransportOptions { Addresses = [IPAddress.Loopback] });
        Start(receiver, _far);
        ImpairedTransport sender = new(
            new IpTransport(new IpTransportOptions { Addresses = [IPAddress.Loopback] }),
            statistics,
            node
        );
        Start(sender, _near);
        IForwardLink link = sender.Connect(receiver.LocalEndPoints[0]);
        _driver.Until(() => _near.OpenedLinks.Contains(link), "open");
        return (link, statistics);
    }

    private void Start(IForwardTransport transport, ILinkSink sink)
    {
        transport.Start(_driver.Loop, sink);
        _driver.Attach(transport);
        _started.Add(transport);
    }

    // The number of a frame stands behind an index of 0.
    private void Send(IForwardLink link, int frames)
    {
        for (int i = 0; i < frames; i++)
        {
            if (link.TryClaim(20, out Span<byte> span) != ClaimResult.Claimed)
                throw new AssertionException("There is no room."); // an assertion would allocate
            span.Clear();
            span[IndexOffset + sizeof(uint)] = (byte)i;
            link.Commit(20, realTime: false);
        }
    }

    private void Advance(int milliseconds)
    {
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        _driver.Cycle();
    }

    private void Receive(int frames)
    {
        _driver.Until(() => _far.Strangers.Count >= frames, $"{frames} frames");
        _driver.UntilQuiet();
        Assert.That(_far.Strangers, Has.Count.EqualTo(frames));
    }

    private int[] Numbers() => [.. _far.Strangers.Select(static frame => (int)frame[IndexOffset + sizeof(uint)])];
}
