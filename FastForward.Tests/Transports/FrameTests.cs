using FastForward.Transport.Transports;

namespace FastForward.Tests.Transports;

/// <summary>Frames: boundaries, sizes, order, and the rules of claiming.</summary>
[TestFixtureSource(typeof(TransportCase), nameof(TransportCase.All))]
public sealed class FrameTests(TransportCase transportCase) : TransportConformance(transportCase)
{
    [Test]
    public void Every_size_arrives_unchanged_in_both_directions()
    {
        Pair pair = Open();
        int shortest = ShortestFrame(pair.AtA);
        int longest = pair.Traits.MaxFrameSize;
        IEnumerable<int> sizes = Enumerable
            .Range(shortest, 80)
            .Concat([127, 128, 255, 256, 257, 511, 512, 1023, 1024, 1199, 1200])
            .Concat([longest / 2, longest - 1, longest])
            .Where(size => size <= longest);
        foreach (int size in sizes)
        {
            SendUntilArrived(pair.AtA, pair.SinkB, pair.AtB, MakeFrame(pair.AtA, size));
            SendUntilArrived(pair.AtB, pair.SinkA, pair.AtA, MakeFrame(pair.AtB, size));
            pair.SinkA.Frames.Clear();
            pair.SinkB.Frames.Clear();
        }
    }

    [Test]
    public void A_burst_keeps_boundaries_and_the_order_that_the_traits_promise()
    {
        Pair pair = Open();
        Driver.UntilQuiet();
        (long frames, long bytes) = (pair.A.Statistics.FramesSent, pair.A.Statistics.BytesSent);
        List<byte[]> sent = [];
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < 50; i++)
            {
                byte[] frame = MakeFrame(
                    pair.AtA,
                    Random.Next(ShortestFrame(pair.AtA) + 8, Math.Min(pair.Traits.MaxFrameSize, 600))
                );
                if (TrySend(pair.AtA, frame) == ClaimResult.Claimed)
                    sent.Add(frame);
            }

            Driver.Cycle();
        }

        if (pair.Traits.Reliable)
            Driver.Until(() => pair.SinkB.FrameCount >= sent.Count, $"{sent.Count} frames");
        Driver.UntilQuiet();
        Assert.That(sent, Has.Count.GreaterThan(100), "the link took frames");
        Assert.That(pair.SinkB.FrameCount, Is.GreaterThan(0), "some arrived");
        Assert.That(pair.A.Statistics.FramesSent - frames, Is.EqualTo(sent.Count));
        Assert.That(pair.A.Statistics.BytesSent - bytes, Is.EqualTo(sent.Sum(static frame => frame.Length)));
        AssertArrived(pair.Traits, sent, pair.SinkB.FramesOf(pair.AtB));
        Assert.That(pair.SinkB.FramesSinceBatchEnd, Is.Zero, "BatchEnd follows the frames of each poll");
    }

    [Test]
    public void A_claim_above_MaxFrameSize_is_too_large()
    {
        Pair pair = Open();
        Assert.That(
            pair.AtA.TryClaim(pair.Traits.MaxFrameSize + 1, out Span<byte> span),
            Is.EqualTo(ClaimResult.TooLarge)
        );
        Assert.That(span.IsEmpty, Is.True);
        Assert.That(pair.AtA.TryClaim(int.MaxValue, out _), Is.EqualTo(ClaimResult.TooLarge));
        SendUntilArrived(pair.AtA, pair.SinkB, pair.AtB, MakeFrame(pair.AtA, pair.Traits.MaxFrameSize));
    }

    [Test]
    public void Misuse_of_a_claim_throws_and_has_no_side_effect()
    {
        Pair pair = Open();
        IForwardLink link = pair.AtA;
        Assert.That(() => link.TryClaim(0, out _), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => link.TryClaim(-1, out _), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => link.Commit(1, false), Throws.InvalidOperationException, "no claim");
        Assert.That(link.Abort, Throws.InvalidOperationException, "no claim");

        Assert.That(link.TryClaim(100, out _), Is.EqualTo(ClaimResult.Claimed));
        Assert.That(() => link.TryClaim(1, out _), Throws.InvalidOperationException, "a claim is open");
        Assert.That(() => link.Commit(101, false), Throws.InvalidOperationException, "longer than claimed");
        Assert.That(() => link.Commit(0, false), Throws.InvalidOperationException, "empty");
        link.Abort();
        Assert.That(link.Abort, Throws.InvalidOperationException, "aborted already");

        SendUntilArrived(link, pair.SinkB, pair.AtB, MakeFrame(link, 64));
        Assert.That(
            pair.SinkB.Frames,
            Has.All.Matches<(IForwardLink, byte[] Frame)>(entry => entry.Frame.Length == 64),
            "the misuse sent nothing"
        );
    }

    [Test]
    public void Commit_may_be_shorter_than_the_claim_and_abort_sends_nothing()
    {
        Pair pair = Open();
        byte[] first = MakeFrame(pair.AtA, 20);
        Assert.That(pair.AtA.TryClaim(500, out Span<byte> span), Is.EqualTo(ClaimResult.Claimed));
        first.CopyTo(span);
        pair.AtA.Commit(20, false);

        byte[] aborted = MakeFrame(pair.AtA, 33);
        Assert.That(pair.AtA.TryClaim(33, out span), Is.EqualTo(ClaimResult.Claimed));
        aborted.CopyTo(span);
        pair.AtA.Abort();

        byte[] last = MakeFrame(pair.AtA, 21);
        SendUntilArrived(pair.AtA, pair.SinkB, pair.AtB, last);
        Driver.UntilQuiet();
        List<byte[]> arrived = pair.SinkB.FramesOf(pair.AtB);
        if (pair.Traits.Reliable)
            Assert.That(arrived, Is.EqualTo(new[] { first, last }));
        else
            AssertArrived(pair.Traits, [first, last], arrived);
    }

    [Test]
    public void Claims_of_several_links_are_open_at_once()
    {
        (IForwardTransport a, RecordingSink sinkA) = Start();
        (IForwardTransport b, RecordingSink sinkB) = Start();
        (IForwardLink Near, IForwardLink Far)[] links =
        [
            .. Enumerable.Range(0, 5).Select(_ => Link(a, sinkA, b, sinkB)),
        ];
        byte[][] frames = [.. links.Select((link, i) => MakeFrame(link.Near, 50 + i))];
        for (int i = 0; i < links.Length; i++)
        {
            // Claim all before committing any, then commit in another order.
            Assert.That(links[i].Near.TryClaim(200, out Span<byte> span), Is.EqualTo(ClaimResult.Claimed));
            frames[i].CopyTo(span);
        }

        foreach (int i in new[] { 3, 0, 4, 2, 1 })
            links[i].Near.Commit(frames[i].Length, false);
        for (int i = 0; i < links.Length; i++)
        {
            if (links[i].Near.Traits.Reliable)
            {
                Driver.Until(() => sinkB.FramesOf(links[i].Far).Count == 1, $"the frame of link {i}");
                Assert.That(sinkB.FramesOf(links[i].Far)[0], Is.EqualTo(frames[i]));
            }
            else
            {
                SendUntilArrived(links[i].Near, sinkB, links[i].Far, frames[i]);
                AssertArrived(links[i].Near.Traits, [frames[i]], sinkB.FramesOf(links[i].Far));
            }
        }
    }

    [Test]
    public void A_poll_delivers_no_more_than_its_budget()
    {
        Pair pair = Open();
        Driver.Detach(pair.B);
        for (int i = 0; i < 20; i++)
            Send(pair.AtA, MakeFrame(pair.AtA, 32));
        pair.A.Flush();
        int polls = 0;
        while (pair.SinkB.FrameCount < 20 && polls++ < 10_000)
        {
            int before = pair.SinkB.FrameCount;
            pair.B.Poll(3);
            Assert.That(pair.SinkB.FrameCount - before, Is.LessThanOrEqualTo(3));
        }

        if (pair.Traits.Reliable)
            Assert.That(pair.SinkB.FrameCount, Is.EqualTo(20), "what a budget left over comes with the next polls");
        else
            Assert.That(pair.SinkB.FrameCount, Is.InRange(1, 20));
    }

    [Test]
    public void Frames_sent_from_inside_a_callback_arrive()
    {
        Pair pair = Open();
        byte[] answer = MakeFrame(pair.AtB, 77);
        pair.SinkB.OnFrame = (link, _) => TrySend(link, answer);
        SendUntilArrived(pair.AtA, pair.SinkB, pair.AtB, MakeFrame(pair.AtA, 40));
        if (pair.Traits.Reliable)
        {
            Driver.Until(() => pair.SinkA.FrameCount == 1, "the answer");
            Assert.That(pair.SinkA.FramesOf(pair.AtA)[0], Is.EqualTo(answer));
        }
        else
        {
            byte[] question = MakeFrame(pair.AtA, 40);
            Driver.Until(
                () =>
                {
                    if (pair.SinkA.FrameCount == 0)
                        TrySend(pair.AtA, question);
                    return pair.SinkA.FrameCount > 0;
                },
                "an answer"
            );
            AssertArrived(pair.Traits, [answer], pair.SinkA.FramesOf(pair.AtA));
        }
    }

    [Test]
    public void A_sink_that_throws_loses_no_other_frame()
    {
        Pair pair = Open();
        Driver.Detach(pair.B);
        List<byte[]> sent = [.. Enumerable.Range(0, 10).Select(i => MakeFrame(pair.AtA, 40 + i))];
        foreach (byte[] frame in sent)
            Send(pair.AtA, frame);
        pair.A.Flush();
        pair.SinkB.OnFrame = (_, _) => throw new NotImplementedException("the test's own");
        int thrown = 0;
        for (int i = 0; i < 1_000 && thrown < 10; i++)
        {
            try
            {
                pair.B.Poll(64);
            }
            catch (NotImplementedException)
            {
                thrown++;
            }
        }

        if (pair.Traits.Reliable)
            Assert.That(thrown, Is.EqualTo(10));
        else
            Assert.That(thrown, Is.InRange(1, 10));
        AssertArrived(pair.Traits, sent, pair.SinkB.FramesOf(pair.AtB));
        pair.SinkB.OnFrame = null;
        Driver.Attach(pair.B);
        SendUntilArrived(pair.AtA, pair.SinkB, pair.AtB, MakeFrame(pair.AtA, 70));
    }

    [Test]
    public void A_sleeping_loop_wakes_for_a_frame_and_does_not_sleep_with_pending_frames()
    {
        Pair pair = Open();
        Driver.UntilQuiet();
        byte[] frame = MakeFrame(pair.AtA, 32);
        Driver.Until(
            () =>
            {
                Send(pair.AtA, frame);
                pair.A.Flush();
                // A loop that is not woken fails by the time limit of the driver.
                Driver.Loop.Sleep((long)LoopDriver.Limit.TotalMicroseconds * 2);
                Driver.Cycle();
                return pair.SinkB.FrameCount > 0;
            },
            "a frame after a sleep"
        );

        Driver.UntilQuiet();
        pair.AtA.Close();
        Assert.That(pair.A.Arm(), Is.True, "Closed is pending, which no descriptor shows");
        pair.A.Disarm();
        Driver.Loop.Sleep((long)LoopDriver.Limit.TotalMicroseconds * 2);
        Driver.Until(() => pair.SinkA.HasClosed(pair.AtA), "Closed");
    }
}
