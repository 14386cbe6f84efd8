using FastForward.Transport.Transports.Rings;

namespace FastForward.Tests.Transports.Rings;

/// <summary>No side sleeps while there is something for it, in whatever order the two sides run.</summary>
public sealed class WakeTests
{
    private const int Record = 8;

    [TestCase(64, 2)] // the ring holds all: only input is waited for
    [TestCase(8, 2)] // the ring holds one: room is waited for, too
    [TestCase(16, 3)]
    public void Every_record_arrives_in_every_interleaving(int capacity, int records)
    {
        WakeModel model = new WakeModel(
            side => Write(side, capacity, records, hasFences: true),
            side => Read(side, capacity, records, hasFences: true)
        ).Run();
        TestContext.Out.WriteLine($"{model.States} states");
        Assert.That(model.Stuck, Is.Empty);
        Assert.That(model.States, Is.GreaterThan(500));
    }

    [TestCase(64, 2)]
    [TestCase(8, 2)]
    public void Without_the_fences_a_wake_up_is_lost(int capacity, int records)
    {
        WakeModel model = new WakeModel(
            side => Write(side, capacity, records, hasFences: false),
            side => Read(side, capacity, records, hasFences: false)
        ).Run();
        Assert.That(model.Stuck, Is.Not.Empty, "the model finds what it is there for");
    }

    private static void Write(WakeModel.Side side, int capacity, int records, bool hasFences)
    {
        RingPositions<WakeModel.Words> positions = new(new WakeModel.Words(side, hasFences), capacity, capacity);
        for (int i = 0; i < records; i++)
        {
            while (!positions.HasRoom(Record))
                Idle(side, ref positions, Record);
            positions.Tail += Record;
            if (positions.Publish())
                side.Ring();
        }
    }

    private static void Read(WakeModel.Side side, int capacity, int records, bool hasFences)
    {
        RingPositions<WakeModel.Words> positions = new(new WakeModel.Words(side, hasFences), capacity, capacity);
        for (int i = 0; i < records; i++)
        {
            while (positions.Readable == 0)
                Idle(side, ref positions, 0);
            positions.Head += Record;
            if (positions.Release())
                side.Ring();
        }
    }

    // As ForwardLoop.Sleep does it.
    private static void Idle(WakeModel.Side side, ref RingPositions<WakeModel.Words> positions, ulong neededRoom)
    {
        bool hasWork = positions.Arm(neededRoom, out bool mustWake);
        if (mustWake)
            side.Ring();
        if (!hasWork)
            side.Sleep();
        positions.Disarm();
    }
}
