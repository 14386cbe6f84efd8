using FastForward.Transport.Transports;

namespace FastForward.Tests.Transports;

/// <summary>What the sample's transport does beyond the conformance suite: it owns every frame under way.</summary>
public sealed class MemoryTransportTests
{
    private readonly RecordingSink _nearSink = new();
    private readonly RecordingSink _farSink = new();
    private readonly TransportHarness.Memory _harness = new();
    private LoopDriver _driver = null!;
    private IForwardTransport _near = null!;
    private IForwardTransport _far = null!;

    [SetUp]
    public void SetUp()
    {
        _driver = new LoopDriver();
        _near = Start(_nearSink);
        _far = Start(_farSink);
    }

    [TearDown]
    public void TearDown()
    {
        _near.Dispose();
        _far.Dispose();
        _driver.Dispose();
        _harness.Dispose();
    }

    [Test]
    public void Frames_that_were_not_read_are_returned_when_their_receiver_is_disposed()
    {
        MemoryLink link = Connect();
        _driver.Detach(_far);
        for (int i = 0; i < 10; i++)
            Assert.That(Send(link), Is.EqualTo(ClaimResult.Claimed));
        Assert.That(link.UnderWay, Is.EqualTo(10));
        _far.Dispose();
        Assert.That(link.UnderWay, Is.Zero);

        Assert.That(Send(link), Is.EqualTo(ClaimResult.Claimed), "this side has not polled yet");
        Assert.That(link.UnderWay, Is.Zero, "refused where it was put");
        _driver.Until(() => _nearSink.HasClosed(link), "Closed");
    }

    [Test]
    public void A_sink_that_throws_keeps_neither_the_frame_nor_the_transport()
    {
        MemoryLink link = Connect();
        _farSink.OnFrame = static (_, _) => throw new InvalidTimeZoneException("on purpose");
        Send(link);
        Assert.That(() => _far.Poll(10), Throws.InstanceOf<InvalidTimeZoneException>());
        Assert.That(link.UnderWay, Is.Zero);
        _farSink.OnFrame = null;
        Send(link);
        _driver.Until(() => _farSink.FrameCount == 2, "the next frame");
        _driver.Detach(_far);
        _far.Dispose();
        Assert.That(_farSink.ClosedLinks, Has.Count.EqualTo(1));
    }

    private static ClaimResult Send(MemoryLink link)
    {
        ClaimResult result = link.TryClaim(100, out _);
        if (result == ClaimResult.Claimed)
            link.Commit(100, realTime: false);
        return result;
    }

    private IForwardTransport Start(RecordingSink sink)
    {
        IForwardTransport transport = _harness.Create();
        transport.Start(_driver.Loop, sink);
        _driver.Attach(transport);
        return transport;
    }

    private MemoryLink Connect()
    {
        IForwardLink link = _near.Connect(_harness.Reach(_far));
        _driver.Until(() => _nearSink.OpenedLinks.Contains(link), "Opened");
        return (MemoryLink)link;
    }
}
