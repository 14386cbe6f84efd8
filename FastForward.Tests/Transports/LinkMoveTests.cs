using FastForward.Transport;
using FastForward.Transport.Transports;

namespace FastForward.Tests.Transports;

/// <summary>Frames of a link that come from another place than its remote end point.</summary>
[TestFixtureSource(typeof(TransportCase), nameof(TransportCase.All))]
public sealed class LinkMoveTests(TransportCase transportCase) : TransportConformance(transportCase)
{
    [Test]
    public void A_link_follows_its_frames_only_when_it_is_told_to()
    {
        Pair pair = Open();
        if (!HasIndex(pair.Traits))
        {
            Assert.That(() => pair.AtB.Rebind(default), Throws.TypeOf<NotSupportedException>());
            return;
        }

        (IForwardTransport elsewhere, RecordingSink sink) = Start();
        IForwardLink other = elsewhere.Connect(Harness.Reach(pair.B));
        other.Owner = pair.AtB.Index;
        Driver.Until(() => sink.OpenedLinks.Contains(other), "Opened");
        byte[] frame = MakeFrame(other, 40);
        SendUntil(other, frame, () => pair.SinkB.MovedFrames.Count > 0);
        Assert.That(pair.SinkB.MovedFrames[0].Link, Is.SameAs(pair.AtB));
        Assert.That(pair.SinkB.MovedFrames[0].Frame, Is.EqualTo(frame));
        Assert.That(pair.SinkB.Frames, Is.Empty);
        Assert.That(pair.SinkB.Strangers, Is.Empty);
        Assert.That(pair.AtB.RemoteEndPoint, Is.EqualTo(Harness.Reach(pair.A)), "it stays where it is");
        SendUntilArrived(pair.AtA, pair.SinkB, pair.AtB, MakeFrame(pair.AtA, 40));

        pair.SinkB.OnMoved = static (IForwardLink link, in StrangerSource source, Span<byte> frame) =>
        {
            link.Transport.TryAnswer(source, frame); // back to where it came from: a stranger's there
            link.Rebind(source);
        };
        SendUntil(other, frame, () => pair.AtB.RemoteEndPoint.Equals(Harness.Reach(elsewhere)));
        Driver.Until(() => sink.Strangers.Exists(answer => answer.AsSpan().SequenceEqual(frame)), "the answer");
        LinkTraits traits = pair.AtB.Traits;
        SendUntilArrived(other, pair.SinkB, pair.AtB, MakeFrame(other, 40));
        pair.AtB.Owner = other.Index;
        SendUntilArrived(pair.AtB, sink, other, MakeFrame(pair.AtB, 40));
        Assert.That(pair.AtB.Traits, Is.SameAs(traits));

        pair.SinkB.OnMoved = null;
        int moved = pair.SinkB.MovedFrames.Count;
        SendUntil(pair.AtA, MakeFrame(pair.AtA, 40), () => pair.SinkB.MovedFrames.Count > moved);
    }

    [Test]
    public void A_link_that_is_closed_inside_Moved_is_not_bound_again()
    {
        Pair pair = Open();
        if (!HasIndex(pair.Traits))
            Assert.Pass("There are connections.");
        (IForwardTransport elsewhere, RecordingSink sink) = Start();
        IForwardLink other = elsewhere.Connect(Harness.Reach(pair.B));
        other.Owner = pair.AtB.Index;
        Driver.Until(() => sink.OpenedLinks.Contains(other), "Opened");
        pair.SinkB.OnMoved = static (IForwardLink link, in StrangerSource source, Span<byte> _) =>
        {
            link.Close();
            link.Rebind(source);
        };
        SendUntil(other, MakeFrame(other, 40), () => pair.SinkB.HasClosed(pair.AtB));
        Assert.That(pair.AtB.RemoteEndPoint, Is.EqualTo(Harness.Reach(pair.A)));
    }

    private void SendUntil(IForwardLink link, byte[] frame, Func<bool> condition)
    {
        int cycles = 0;
        Driver.Until(
            () =>
            {
                if (condition())
                    return true;
                if (cycles++ % 64 == 0)
                    TrySend(link, frame);
                return false;
            },
            "what the frame causes"
        );
    }
}
