using FastForward.Transport.Transports;

namespace FastForward.Tests.Transports;

/// <summary>A receiver that does not run.</summary>
[TestFixtureSource(typeof(TransportCase), nameof(TransportCase.All))]
public sealed class BackPressureTests(TransportCase transportCase) : TransportConformance(transportCase)
{
    private const int MoreThanAnyBufferHolds = 100_000;

    [Test]
    public void A_receiver_that_does_not_read_causes_back_pressure_or_loss_and_never_blocks()
    {
        Pair pair = Open();
        Driver.Detach(pair.B);
        List<byte[]> sent = Fill(pair.A, pair.AtA);
        if (pair.Traits.Reliable)
        {
            Assert.That(
                sent,
                Has.Count.LessThan(MoreThanAnyBufferHolds),
                "nothing may vanish, so the link must push back"
            );
            Assert.That(pair.AtA.TryClaim(10, out _), Is.EqualTo(ClaimResult.BackPressured), "and again");
            Driver.UntilQuiet();
            Assert.That(pair.SinkA.WritableLinks, Is.Empty, "no Writable while there is no room");
        }

        Driver.Attach(pair.B);
        if (pair.Traits.Reliable)
        {
            Driver.Until(() => pair.SinkA.WritableLinks.Count > 0, "Writable");
            Driver.Until(() => pair.SinkB.FrameCount == sent.Count, $"{sent.Count} frames");
        }

        Driver.UntilQuiet();
        AssertArrived(pair.Traits, sent, pair.SinkB.FramesOf(pair.AtB));
        Assert.That(pair.SinkA.WritableLinks, Has.Count.LessThanOrEqualTo(1), "reported once");
        Assert.That(pair.SinkA.ClosedLinks, Is.Empty);
        SendUntilArrived(pair.AtA, pair.SinkB, pair.AtB, MakeFrame(pair.AtA, 99));
    }

    [Test]
    public void Writable_lets_a_sender_continue_until_everything_is_sent()
    {
        Pair pair = Open();
        const int Wanted = 5_000;
        List<byte[]> sent = [];
        pair.SinkA.OnWritable = _ => SendMore();
        SendMore();
        if (pair.Traits.Reliable)
            Driver.Until(() => pair.SinkB.FrameCount == Wanted, $"{Wanted} frames");
        Driver.UntilQuiet();
        AssertArrived(pair.Traits, sent, pair.SinkB.FramesOf(pair.AtB));
        Assert.That(sent, Has.Count.EqualTo(Wanted), "Writable came whenever the link had pushed back");

        void SendMore()
        {
            while (sent.Count < Wanted)
            {
                byte[] frame = MakeFrame(pair.AtA, 200);
                if (TrySend(pair.AtA, frame) != ClaimResult.Claimed)
                    return;
                sent.Add(frame);
            }
        }
    }

    [Test]
    public void A_full_link_does_not_block_another()
    {
        Pair pair = Open();
        (IForwardTransport c, RecordingSink sinkC) = Start();
        (IForwardLink other, IForwardLink far) = Link(pair.A, pair.SinkA, c, sinkC);
        Driver.Detach(pair.B);
        Fill(pair.A, pair.AtA);
        for (int i = 0; i < 10; i++)
            SendUntilArrived(other, sinkC, far, MakeFrame(other, 120));
    }

    [Test]
    public void A_full_link_can_be_closed()
    {
        Pair pair = Open();
        Driver.Detach(pair.B);
        List<byte[]> sent = Fill(pair.A, pair.AtA);
        pair.AtA.Close();
        Driver.Until(() => pair.SinkA.HasClosed(pair.AtA), "Closed");
        Driver.Attach(pair.B);
        if (pair.Traits.ConnectionOriented)
            Driver.Until(() => pair.SinkB.HasClosed(pair.AtB), "Closed there");
        Driver.UntilQuiet();
        List<byte[]> arrived = pair.SinkB.FramesOf(pair.AtB);

        // Close passes on what the medium accepts; the one frame without room is lost with the link.
        if (pair.Traits.Reliable)
        {
            Assert.That(arrived, Has.Count.InRange(sent.Count - 1, sent.Count));
            sent = sent[..arrived.Count];
        }

        AssertArrived(pair.Traits, sent, arrived);
    }

    [Test]
    public void The_loss_of_the_remote_side_is_detected_while_a_link_is_full()
    {
        Pair pair = Open();
        Driver.Detach(pair.B);
        Fill(pair.A, pair.AtA);
        pair.B.Dispose();
        if (pair.Traits.ConnectionOriented)
        {
            Driver.Until(() => pair.SinkA.HasClosed(pair.AtA), "Closed");
            Assert.That(pair.SinkA.ClosureOf(pair.AtA).Reason, Is.EqualTo(LinkCloseReason.PeerClosed));
        }
        else
        {
            for (int i = 0; i < 100; i++)
            {
                Assert.That(
                    TrySend(pair.AtA, MakeFrame(pair.AtA, 50)),
                    Is.EqualTo(ClaimResult.Claimed),
                    "without connections, frames are accepted without a receiver"
                );
                Driver.Cycle();
            }
        }
    }

    /// <summary>Sends until the link reports back-pressure, or until more is sent than any buffer holds.</summary>
    private List<byte[]> Fill(IForwardTransport transport, IForwardLink link)
    {
        List<byte[]> sent = [];
        while (sent.Count < MoreThanAnyBufferHolds)
        {
            byte[] frame = MakeFrame(link, 64);
            if (TrySend(link, frame) != ClaimResult.Claimed)
                break;
            sent.Add(frame);
            if (sent.Count % 64 == 0)
                transport.Flush();
            if (!link.Traits.Reliable && sent.Count == 20_000)
                break;
        }

        transport.Flush();
        return sent;
    }
}
