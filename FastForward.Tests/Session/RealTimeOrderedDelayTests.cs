using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>What arrives in order is delivered when it arrives, also where others overtake each other.</summary>
[TestFixture]
public sealed class RealTimeOrderedDelayTests
{
    [Test]
    public void The_next_message_of_a_stream_is_delivered_in_the_event_of_its_arrival()
    {
        Dictionary<(ulong Stream, uint Sequence), long> arrived = [];
        Dictionary<ulong, (ulong Sequence, long At)> last = [];
        (long inOrder, long others) = (0, 0);
        VoiceScenario voice = new(120)
        {
            Way = static () => NetworkProfile.BadWan,
            Settling = 5,
            Seconds = 30,
            Seeds = 1,
            IsUnsealed = true,
            Begun = world =>
            {
                world.Network.Arrives = (to, frame) => Note(world.Network.Now, to, frame);
                Action<uint, ulong, byte[]>? measure = world.B.Recorder.OnMessage;
                world.B.Recorder.OnMessage = (from, stream, payload) =>
                {
                    measure?.Invoke(from, stream, payload);
                    Delivered(world, stream, world.B.Recorder.Messages[^1].Sequence);
                };
            },
        };
        voice.Run();
        TestContext.Out.WriteLine($"{inOrder} in order, {others} behind a gap or after others");
        Assert.That(inOrder, Is.GreaterThan(others));
        Assert.That(others, Is.Positive, "the way reorders");

        void Note(long now, uint to, ReadOnlySpan<byte> frame)
        {
            if (to != 2 || frame[1] != (byte)FrameType.Data)
                return;
            ElementReader reader = new(frame[WireFormat.DataHeader..]);
            while (reader.Next())
            {
                if (
                    reader.Type == ElementType.Message
                    && MessageElement.TryRead(reader.Bits, reader.Body, out MessageElement message)
                )
                    arrived.TryAdd((message.Stream, message.Sequence), now);
            }
        }

        void Delivered(VoiceWorld world, ulong stream, ulong sequence)
        {
            long now = world.Network.Now;
            // Those that arrived before the frames were noted are not judged.
            bool isKnown = arrived.TryGetValue((stream, (uint)sequence), out long arrival);
            bool isNext = last.TryGetValue(stream, out (ulong Sequence, long At) before);
            isNext &= before.Sequence + 1 == sequence && before.At <= arrival;
            last[stream] = (sequence, now);
            if (!isKnown || !isNext)
            {
                others++;
                return;
            }

            inOrder++;
            if (now != arrival)
                Assert.Fail($"{stream}/{sequence} arrived at {arrival} and was delivered at {now}");
        }
    }
}
