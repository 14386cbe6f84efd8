using FastForward.Transport;
using FastForward.Transport.Transports;

namespace FastForward.Tests.Transports;

/// <summary>Opening and closing of links, and the events of both.</summary>
[TestFixtureSource(typeof(TransportCase), nameof(TransportCase.All))]
public sealed class LinkLifeTests(TransportCase transportCase) : TransportConformance(transportCase)
{
    [Test]
    public void Opened_comes_from_a_later_poll_and_until_then_nothing_can_be_claimed()
    {
        (IForwardTransport a, RecordingSink sinkA) = Start();
        (IForwardTransport b, _) = Start();
        IForwardLink link = a.Connect(Harness.Reach(b));
        Assert.That(sinkA.OpenedLinks, Is.Empty, "not from inside Connect");
        Assert.That(link.TryClaim(10, out _), Is.EqualTo(ClaimResult.Closed));
        Driver.Until(() => sinkA.OpenedLinks.Count > 0, "Opened");
        Assert.That(sinkA.OpenedLinks, Is.EqualTo(new[] { link }));
        Assert.That(link.IsInbound, Is.False);
        Assert.That(link.Transport, Is.SameAs(a));
        Assert.That(link.RemoteEndPoint, Is.EqualTo(Harness.Reach(b)));
    }

    [Test]
    public void Traits_are_equal_on_both_sides_and_constant()
    {
        Pair pair = Open();
        LinkTraits before = pair.Traits;
        Assert.That(before.MaxFrameSize, Is.GreaterThanOrEqualTo(1200), "a session frame fits");
        Assert.That(pair.AtB.IsInbound, Is.True);
        Assert.That(pair.AtB.Traits with { Credentials = null }, Is.EqualTo(pair.Traits with { Credentials = null }));
        Assert.That(before.HostLocal, Is.EqualTo(Harness.IsHostLocal), "both ends are on this machine");
        foreach (IForwardLink link in new[] { pair.AtA, pair.AtB })
        {
            if (link.Traits.Credentials?.ProcessId is { } process)
                Assert.That(process, Is.EqualTo(Environment.ProcessId));
        }

        SendUntilArrived(pair.AtA, pair.SinkB, pair.AtB, MakeFrame(pair.AtA, 100));
        Assert.That(pair.AtA.Traits, Is.SameAs(before));
    }

    [Test]
    public void Close_is_reported_once_locally_and_on_the_remote_side_where_the_medium_supports_it()
    {
        Pair pair = Open();
        pair.AtA.Close();
        Assert.That(pair.SinkA.ClosedLinks, Is.Empty, "not from inside Close");
        Assert.That(pair.AtA.TryClaim(10, out _), Is.EqualTo(ClaimResult.Closed));
        pair.AtA.Close();
        Driver.Until(() => pair.SinkA.HasClosed(pair.AtA), "Closed here");
        Assert.That(pair.SinkA.ClosureOf(pair.AtA).Reason, Is.EqualTo(LinkCloseReason.ClosedLocally));
        pair.AtA.Close();

        if (pair.Traits.ConnectionOriented)
        {
            Driver.Until(() => pair.SinkB.HasClosed(pair.AtB), "Closed there");
            Assert.That(pair.SinkB.ClosureOf(pair.AtB).Reason, Is.EqualTo(LinkCloseReason.PeerClosed));
            Assert.That(pair.AtB.TryClaim(10, out _), Is.EqualTo(ClaimResult.Closed));
        }
        else
        {
            // The other side is not notified. Its frames no longer belong to a link.
            byte[] frame = MakeFrame(pair.AtB, 30);
            Driver.Until(
                () =>
                {
                    if (pair.SinkA.Strangers.Count == 0)
                        Send(pair.AtB, frame);
                    return pair.SinkA.Strangers.Count > 0;
                },
                "a stranger's frame"
            );
            Assert.That(pair.SinkA.Strangers[0], Is.EqualTo(frame));
            Assert.That(pair.SinkB.ClosedLinks, Is.Empty);
        }

        Driver.UntilQuiet();
        Assert.That(pair.SinkA.ClosedLinks, Has.Count.EqualTo(1));
    }

    [Test]
    public void Frames_committed_before_Close_are_sent()
    {
        Pair pair = Open();
        List<byte[]> sent = [.. Enumerable.Range(0, 10).Select(i => MakeFrame(pair.AtA, 40 + i))];
        foreach (byte[] frame in sent)
            Send(pair.AtA, frame);
        Assert.That(pair.AtA.TryClaim(99, out _), Is.EqualTo(ClaimResult.Claimed));
        pair.AtA.Close();
        Assert.That(() => pair.AtA.Commit(99, false), Throws.InvalidOperationException, "Close ends the claim");
        Driver.Until(() => pair.SinkA.HasClosed(pair.AtA), "Closed here");
        if (pair.Traits.ConnectionOriented)
            Driver.Until(() => pair.SinkB.HasClosed(pair.AtB), "Closed there");
        Driver.UntilQuiet();
        AssertArrived(pair.Traits, sent, pair.SinkB.FramesOf(pair.AtB));
    }

    [Test]
    public void Closing_with_unread_input_does_not_lose_sent_frames()
    {
        Pair pair = Open();
        Driver.Detach(pair.A);
        Driver.Detach(pair.B);
        for (int i = 0; i < 5; i++)
            Send(pair.AtA, MakeFrame(pair.AtA, 50));
        pair.A.Flush();
        List<byte[]> sent = [.. Enumerable.Range(0, 3).Select(_ => MakeFrame(pair.AtB, 60))];
        foreach (byte[] frame in sent)
            Send(pair.AtB, frame);
        pair.B.Flush();
        pair.AtB.Close();
        Driver.Attach(pair.A);
        Driver.Attach(pair.B);
        if (pair.Traits.ConnectionOriented)
            Driver.Until(() => pair.SinkA.HasClosed(pair.AtA), "Closed");
        Driver.UntilQuiet();
        AssertArrived(pair.Traits, sent, pair.SinkA.FramesOf(pair.AtA));
        if (pair.Traits.ConnectionOriented)
            Assert.That(pair.SinkA.ClosureOf(pair.AtA).Reason, Is.EqualTo(LinkCloseReason.PeerClosed));
    }

    [Test]
    public void Sending_to_a_closed_remote_side_still_delivers_its_earlier_frames()
    {
        Pair pair = Open();
        byte[] last = MakeFrame(pair.AtB, 60);
        Driver.Detach(pair.A);
        Send(pair.AtB, last);
        pair.B.Flush();
        pair.AtB.Close();
        Driver.UntilQuiet();
        for (int i = 0; i < 3; i++)
        {
            ClaimResult result = TrySend(pair.AtA, MakeFrame(pair.AtA, 40)); // the kernel may refuse these
            Assert.That(result, Is.AnyOf(ClaimResult.Claimed, ClaimResult.Closed));
        }

        pair.A.Flush();
        Driver.Attach(pair.A);
        if (pair.Traits.ConnectionOriented)
        {
            Driver.Until(() => pair.SinkA.HasClosed(pair.AtA), "Closed");
            Assert.That(pair.SinkA.ClosureOf(pair.AtA).Reason, Is.EqualTo(LinkCloseReason.PeerClosed));
        }

        Driver.UntilQuiet();
        AssertArrived(pair.Traits, [last], pair.SinkA.FramesOf(pair.AtA));
    }

    [Test]
    public void Closing_inside_callbacks_is_allowed_and_stops_frames_at_once()
    {
        Pair pair = Open();
        pair.SinkB.OnFrame = (link, _) => link.Close();
        pair.SinkB.OnClosed = link => link.Close();
        byte[] frame = MakeFrame(pair.AtA, 30);
        Driver.Until(
            () =>
            {
                for (int i = 0; i < 5 && pair.SinkB.FrameCount == 0; i++)
                    TrySend(pair.AtA, frame);
                return pair.SinkB.HasClosed(pair.AtB);
            },
            "Closed"
        );
        Driver.UntilQuiet();
        Assert.That(pair.SinkB.FramesOf(pair.AtB), Has.Count.EqualTo(1), "no frame after Close");
        Assert.That(pair.SinkB.ClosureOf(pair.AtB).Reason, Is.EqualTo(LinkCloseReason.ClosedLocally));

        (IForwardTransport c, RecordingSink sinkC) = Start();
        sinkC.OnOpened = link => link.Close();
        IForwardLink brief = c.Connect(Harness.Reach(pair.B));
        Driver.Until(() => sinkC.HasClosed(brief), "Closed after a Close in Opened");
        Assert.That(sinkC.OpenedLinks, Is.EqualTo(new[] { brief }));
    }

    [Test]
    public void A_link_closed_before_it_opened_gets_only_Closed()
    {
        (IForwardTransport a, RecordingSink sinkA) = Start();
        (IForwardTransport b, RecordingSink sinkB) = Start();
        IForwardLink link = a.Connect(Harness.Reach(b));
        link.Close();
        Driver.Until(() => sinkA.HasClosed(link), "Closed");
        Driver.UntilQuiet();
        Assert.That(sinkA.OpenedLinks, Is.Empty);
        Assert.That(sinkA.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.ClosedLocally));
        Assert.That(
            sinkB.ClosedLinks,
            Has.Count.EqualTo(sinkB.OpenedLinks.Count),
            "the other side gets both events or none"
        );
    }

    [Test]
    public void Connecting_without_a_listener_is_refused()
    {
        (IForwardTransport a, RecordingSink sinkA) = Start();
        IForwardLink link = a.Connect(Harness.Nobody());
        Driver.Until(() => sinkA.OpenedLinks.Contains(link) || sinkA.HasClosed(link), "Opened or Closed");
        if (link.Traits.ConnectionOriented)
        {
            Assert.That(sinkA.OpenedLinks, Is.Empty);
            Assert.That(sinkA.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.ConnectRefused));
            Assert.That(sinkA.ClosureOf(link).Detail, Is.Not.Empty);
            Assert.That(a.Statistics.FailedLinks.Sum(static reason => reason.Value), Is.EqualTo(1));
            Assert.That(link.TryClaim(10, out _), Is.EqualTo(ClaimResult.Closed));
        }
        else
        {
            // Without connections every address opens, and frames to it are lost without an error.
            for (int i = 0; i < 100; i++)
            {
                Send(link, new byte[50]);
                Driver.Cycle();
            }

            Driver.UntilQuiet();
            Assert.That(sinkA.ClosedLinks, Is.Empty);
        }
    }

    [Test]
    public void Connecting_inside_Closed_is_allowed()
    {
        (IForwardTransport a, RecordingSink sinkA) = Start();
        (IForwardTransport b, _) = Start();
        IForwardLink? second = null;
        sinkA.OnClosed = _ => second ??= a.Connect(Harness.Reach(b));
        a.Connect(Harness.Reach(b)).Close();
        Driver.Until(() => second is not null && sinkA.OpenedLinks.Contains(second), "the second link");
    }

    [Test]
    public void Crossed_connects_give_two_links()
    {
        (IForwardTransport a, RecordingSink sinkA) = Start();
        (IForwardTransport b, RecordingSink sinkB) = Start();
        IForwardLink fromA = a.Connect(Harness.Reach(b));
        IForwardLink fromB = b.Connect(Harness.Reach(a));
        Driver.Until(() => sinkA.OpenedLinks.Contains(fromA) && sinkB.OpenedLinks.Contains(fromB), "both Opened");
        if (fromA.Traits.ConnectionOriented)
            Driver.Until(() => sinkA.OpenedLinks.Count == 2 && sinkB.OpenedLinks.Count == 2, "both halves");
        Driver.UntilQuiet();
        Assert.That(sinkA.ClosedLinks, Is.Empty);
        Assert.That(sinkB.ClosedLinks, Is.Empty);
        fromA.Close();
        Driver.UntilQuiet();
        Assert.That(sinkB.HasClosed(fromB), Is.False, "the other one lives");
    }

    [Test]
    public void A_hundred_links_carry_their_own_frames()
    {
        (IForwardTransport a, RecordingSink sinkA) = Start();
        (IForwardTransport b, RecordingSink sinkB) = Start();
        List<(IForwardLink Near, IForwardLink Far)> links =
        [
            .. Enumerable.Range(0, 100).Select(_ => Link(a, sinkA, b, sinkB)),
        ];
        HashSet<uint> indexes = [.. links.SelectMany(link => new[] { link.Near.Index, link.Far.Index })];
        Assert.That(indexes, Has.Count.EqualTo(200), "indexes are unique in the process");
        Assert.That(indexes, Does.Not.Contain(0u));

        List<byte[]> frames = [.. links.Select(link => MakeFrame(link.Near, 100))];
        for (int i = 0; i < links.Count; i++)
            Send(links[i].Near, frames[i]);
        for (int i = 0; i < links.Count; i++)
        {
            if (links[i].Near.Traits.Reliable)
                Driver.Until(() => sinkB.FramesOf(links[i].Far).Count > 0, $"frame {i}");
            else
                SendUntilArrived(links[i].Near, sinkB, links[i].Far, frames[i]);
            AssertArrived(links[i].Near.Traits, [frames[i]], sinkB.FramesOf(links[i].Far));
        }

        foreach ((IForwardLink near, IForwardLink far) in links)
        {
            near.Close();
            if (!near.Traits.ConnectionOriented)
                far.Close();
        }

        Driver.Until(() => sinkA.ClosedLinks.Count == 100 && sinkB.ClosedLinks.Count == 100, "all closed");
    }

    [Test]
    public void An_end_point_of_another_type_throws()
    {
        (IForwardTransport a, _) = Start();
        Assert.That(() => a.Connect(Harness.OfAnotherType), Throws.ArgumentException);
    }
}
