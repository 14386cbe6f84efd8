using FastForward.Transport.Transports;

namespace FastForward.Tests.Transports;

/// <summary>Nothing is allocated on the managed heap per frame, in either direction.</summary>
[TestFixtureSource(typeof(TransportCase), nameof(TransportCase.All))]
public sealed class AllocationTests(TransportCase transportCase) : TransportConformance(transportCase)
{
    private int _received;

    [Test]
    public void Steady_traffic_allocates_nothing()
    {
        Pair pair = Open();
        pair.SinkA.Records = pair.SinkB.Records = false;
        byte[] forth = MakeFrame(pair.AtA, 300);
        byte[] back = MakeFrame(pair.AtB, 300);
        for (int i = 0; i < 200; i++)
            Exchange(pair, forth, back);
        _received = 0;

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 2_000; i++)
            Exchange(pair, forth, back);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        TestContext.Out.WriteLine($"{_received} frames, {allocated} bytes allocated");
        Assert.That(_received, Is.GreaterThan(10_000), "there was traffic");
        Assert.That(allocated, Is.Zero);
    }

    [Test]
    public void Back_pressure_and_recovery_allocate_nothing()
    {
        Pair pair = Open();
        pair.SinkA.Records = pair.SinkB.Records = false;
        pair.SinkA.WritableLinks.Capacity = 1_000;
        byte[] frame = MakeFrame(pair.AtA, 1_000);
        for (int i = 0; i < 3; i++)
            FillAndDrain(pair, frame);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            FillAndDrain(pair, frame);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        if (pair.Traits.Reliable)
            Assert.That(pair.SinkA.WritableLinks, Has.Count.GreaterThanOrEqualTo(10), "it did push back");
    }

    private void Exchange(Pair pair, byte[] forth, byte[] back)
    {
        int before = pair.SinkA.FrameCount + pair.SinkB.FrameCount;
        for (int i = 0; i < 5; i++)
        {
            Send(pair.AtA, forth);
            Send(pair.AtB, back);
        }

        for (int i = 0; i < 10 && pair.SinkA.FrameCount + pair.SinkB.FrameCount - before < 10; i++)
            Driver.Cycle();
        _received += pair.SinkA.FrameCount + pair.SinkB.FrameCount - before;

        // Sleeping and waking are part of the steady state.
        Driver.Loop.Sleep(0);

        static void Send(IForwardLink link, byte[] frame)
        {
            if (link.TryClaim(frame.Length, out Span<byte> span) != ClaimResult.Claimed)
                return;
            frame.CopyTo(span);
            link.Commit(frame.Length, realTime: true);
        }
    }

    private void FillAndDrain(Pair pair, byte[] frame)
    {
        int before = pair.SinkB.FrameCount,
            writable = pair.SinkA.WritableLinks.Count,
            sent = 0;
        bool refused = false;
        while (sent < 5_000 && !refused)
        {
            refused = pair.AtA.TryClaim(frame.Length, out Span<byte> span) != ClaimResult.Claimed;
            if (refused)
                break;
            frame.CopyTo(span);
            pair.AtA.Commit(frame.Length, realTime: false);
            sent++;
        }

        // On a reliable medium, until all frames have arrived.
        int quiet = 0;
        for (int i = 0; i < 10_000_000 && (pair.Traits.Reliable ? IsMissing() : quiet < 40); i++)
            quiet = Driver.Cycle() == 0 ? quiet + 1 : 0;

        bool IsMissing() =>
            pair.SinkB.FrameCount - before < sent || (refused && pair.SinkA.WritableLinks.Count == writable);
    }
}
