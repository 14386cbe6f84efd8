using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session.Keys;

/// <summary>Paths with a key: datagrams are sealed, and media of the kernel are not, unless it is asked for.</summary>
public sealed class KeyedPathTests
{
    private const long Second = 1_000_000;

    [TestCase(TransportKind.Ip, false, true)]
    [TestCase(TransportKind.Socket, false, false)]
    [TestCase(TransportKind.Socket, true, true)]
    public void Nodes_with_the_same_key_connect(TransportKind kind, bool sealsLocal, bool isSealed)
    {
        SimulatedNetwork network = new(1) { Keys = SimulatedKeys.Instance };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(
            kind,
            options => options with { SealLocal = sealsLocal && options.Node == 2 }
        );
        foreach (SessionPath path in (SessionPath[])[a.Peer(2).Paths.Single(), b.Peer(1).Paths.Single()])
        {
            Assert.That(path.KeyId, Is.EqualTo(SimulatedKeys.Id));
            Assert.That(path.IsSealed, Is.EqualTo(isSealed));
            Assert.That(path.Identity.Strength, Is.EqualTo(3));
        }

        for (int i = 0; i < 50; i++)
        {
            Assert.That(a.SendNumbered(2, 1, MessageClass.Reliable, 40).IsAccepted, Is.True);
            Assert.That(b.SendNumbered(1, 2, MessageClass.RealTime, 40).IsAccepted, Is.True);
        }

        Assert.That(
            network.RunUntil(() => a.Recorder.Messages.Count == 50 && b.Recorder.Messages.Count == 50, 5 * Second),
            Is.True
        );
        Assert.That(a.Statistics.ForgedFrames + b.Statistics.ForgedFrames, Is.Zero);
    }
}
