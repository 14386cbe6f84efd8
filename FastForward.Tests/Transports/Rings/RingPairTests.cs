using CsCheck;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Rings;

namespace FastForward.Tests.Transports.Rings;

/// <summary>Frames through two mapped memories, as far as one thread can tell.</summary>
public sealed unsafe class RingPairTests
{
    private const int Capacity = RingPair.UsualCapacity;
    private const int MaxFrameSize = 16 * 1024;

    [Test]
    public void Frames_arrive_in_order_and_whole_however_the_sides_alternate() =>
        Gen.Int[1, MaxFrameSize]
            .Select(Gen.Int[0, 3], Gen.Int[0, 40], Gen.Bool)
            .Array[1, 400]
            .Sample(
                steps =>
                {
                    using Sides sides = new();
                    byte[] target = new byte[MaxFrameSize];
                    Queue<(int Length, byte First)> expected = new();
                    byte next = 0;
                    foreach ((int longest, int scale, int reads, bool aborts) in steps)
                    {
                        int length = Math.Max(1, longest >> (scale * 4));
                        byte* place = sides.Writer.Claim(length);
                        if (place != null && !aborts)
                        {
                            new Span<byte>(place, length).Fill(++next);
                            sides.Writer.Commit(length);
                            expected.Enqueue((length, next));
                        }

                        if (place == null && expected.Count == 0)
                            return false; // there is room when everything was read
                        sides.Writer.Publish();
                        for (int i = 0; i < reads && expected.Count > 0; i++)
                        {
                            int read;
                            fixed (byte* start = target)
                                read = sides.Reader.Read(start);
                            (int wanted, byte first) = expected.Dequeue();
                            if (read != wanted || target.AsSpan(0, read).ContainsAnyExcept(first))
                                return false;
                        }

                        sides.Reader.Release();
                    }

                    return sides.Reader.Fault is null && sides.Writer.Fault is null;
                },
                iter: 300
            );

    [Test]
    public void What_was_not_published_is_not_read_and_what_was_not_released_is_not_overwritten()
    {
        using Sides sides = new();
        byte* target = stackalloc byte[MaxFrameSize];
        int written = 0;
        while (sides.Writer.Claim(MaxFrameSize) != null)
        {
            sides.Writer.Commit(MaxFrameSize);
            written++;
        }

        Assert.That(written, Is.EqualTo((Capacity / (MaxFrameSize + RingPair.HeaderLength))));
        Assert.That(sides.Reader.Read(target), Is.Zero);
        Assert.That(sides.Writer.Publish(), Is.False, "no one sleeps");
        Assert.That(sides.Reader.Read(target), Is.EqualTo(MaxFrameSize));
        Assert.That(sides.Writer.HasRoom, Is.False);
        sides.Reader.Release();
        Assert.That(sides.Writer.HasRoom, Is.True);
    }

    [Test]
    public void A_sleeper_is_woken_once_and_one_that_is_awake_is_not()
    {
        using Sides sides = new();
        Assert.That(sides.Reader.Arm(waitsForRoom: false, out bool mustWake), Is.False);
        Assert.That(mustWake, Is.False);
        Assert.That(Send(), Is.True);
        Assert.That(Send(), Is.False, "the bell was rung");
        sides.Reader.Disarm();
        Assert.That(Send(), Is.False);
        Assert.That(sides.Reader.Arm(waitsForRoom: false, out _), Is.True, "there is something to read");

        bool Send()
        {
            Assert.That(sides.Writer.Claim(10) != null, Is.True);
            sides.Writer.Commit(10);
            return sides.Writer.Publish();
        }
    }

    private sealed class Sides : IDisposable
    {
        public Sides()
        {
            (RingMemory first, RingMemory firstSeen) = Create();
            (RingMemory second, RingMemory secondSeen) = Create();
            RingBudget budget = new(1 << 30);
            Writer = new RingPair(first, secondSeen, MaxFrameSize, budget);
            Reader = new RingPair(second, firstSeen, MaxFrameSize, budget);
        }

        public RingPair Writer { get; }

        public RingPair Reader { get; }

        public void Dispose()
        {
            Writer.Dispose();
            Reader.Dispose();
        }

        private static (RingMemory Own, RingMemory Seen) Create()
        {
            Assert.That(
                RingMemory.TryCreate(Capacity, out RingMemory? own, out Descriptor? file, out string? problem),
                problem
            );
            using (file)
            {
                Assert.That(RingMemory.TryMap(file!, Capacity, out RingMemory? seen, out problem, out _), problem);
                return (own!, seen!);
            }
        }
    }
}
