using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Which frames arrive is found by probes alone.</summary>
public sealed class PathSizeTests
{
    [TestCase(1200, 1200, 0)]
    [TestCase(1199, 1100, 1)]
    [TestCase(972, 900, 3)]
    [TestCase(256, 256, 8)]
    public void The_longest_size_that_passes_is_found(int passes, int found, int changes)
    {
        PathSize size = new(1200);
        size.Start();
        Assert.That(Run(size, passes, intervals: 100), Is.EqualTo(changes));
        Assert.That(size.Limit, Is.EqualTo(found));
        Assert.That(size.IsLimited, Is.EqualTo(found < 1200));
        Assert.That(Run(size, 1200, intervals: 100), Is.EqualTo(found < 1200 ? 1 : 0), "wide again");
        Assert.That(size.Limit, Is.EqualTo(1200));
        Assert.That(Run(size, passes, intervals: 100), Is.EqualTo(changes), "narrow again");
        Assert.That(size.Limit, Is.EqualTo(found));
    }

    [Test]
    public void A_path_on_which_nothing_arrives_is_not_taken_to_be_narrow()
    {
        PathSize size = new(1200);
        size.Start();
        for (int i = 0; i < 100; i++)
        {
            if (size.IsPending)
                size.Take(out _);
            Assert.That(size.OnInterval(isAnswering: false), Is.False);
        }

        Assert.That(size.IsLimited, Is.False);
    }

    [Test]
    public void A_few_losses_change_nothing()
    {
        PathSize size = new(1200);
        size.Start();
        for (int i = 0; i < 1000; i++)
        {
            if (size.IsPending && size.Take(out _) is var id && i % PathSize.LostInARow == 0)
                Assert.That(size.OnReply(id), Is.False);
            Assert.That(size.OnInterval(isAnswering: true), Is.False);
        }
    }

    [Test]
    public void A_path_stays_sound_while_its_long_frames_do_not_arrive()
    {
        SimulatedNetwork network = new(5) { LongestDatagram = 1_000 };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        for (int i = 0; i < 200; i++)
            network.At(network.Now + (i * 100_000), () => a.SendNumbered(2, 1, MessageClass.Reliable, 20_000));
        network.Run(network.Now + 30_000_000);
        Assert.That(a.Recorder.Changes.Select(static change => change.Kind), Has.None.EqualTo(PeerEventKind.Suspect));
        Assert.That(a.Peer(2).SendPath!.Size!.Limit, Is.EqualTo(1_000));
        Assert.That(a.Peer(2).Association.Sender.Unacknowledged, Is.Zero);
        Assert.That(b.Recorder.Messages, Has.Count.GreaterThan(10));
    }

    private static int Run(PathSize size, int passes, int intervals)
    {
        int changes = 0;
        for (int i = 0; i < intervals; i++)
        {
            if (size.IsPending)
            {
                uint id = size.Take(out int length);
                Assert.That(PathSize.IsId(id) && !Pings.IsPing(id));
                if (length <= passes && size.OnReply(id))
                    changes++;
            }

            if (size.OnInterval(isAnswering: true))
                changes++;
        }

        return changes;
    }
}
