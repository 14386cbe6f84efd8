using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Frames that come twice, or after many others.</summary>
[TestFixture]
public sealed class PacketNumberTests
{
    [Test]
    public void A_frame_that_comes_twice_and_one_that_is_too_old_are_dropped_and_counted_apart()
    {
        SimulatedNetwork network = new(1);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        network.Run(network.Now + 100_000);
        SessionPath from = a.Peer(2).SendPath!;
        SessionPath to = b.Peer(1).SendPath!;
        byte[] first = Write();
        byte[] last = first;
        for (int i = 0; i < ReplayWindow.DefaultSize; i++)
        {
            last = Write();
            to.ReadFrame(network.Now, [.. last]);
        }

        int delivered = b.Recorder.Messages.Count;
        to.ReadFrame(network.Now, [.. last]);
        Assert.That((b.Statistics.ReplayedFrames, b.Statistics.TooOldFrames), Is.EqualTo((1L, 0L)));
        to.ReadFrame(network.Now, [.. first]);
        Assert.That((b.Statistics.ReplayedFrames, b.Statistics.TooOldFrames), Is.EqualTo((1L, 1L)));
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(delivered));

        byte[] Write()
        {
            Assert.That(a.Peer(2).Send(network.Now, 1, MessageClass.RealTime, "x"u8, end: false).IsAccepted, Is.True);
            byte[] frame = new byte[1200];
            return frame[..from.WriteFrame(network.Now, frame, out _)];
        }
    }
}
