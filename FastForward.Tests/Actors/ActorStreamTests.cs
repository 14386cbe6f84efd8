using CsCheck;
using FastForward.Transport.Actors;

namespace FastForward.Tests.Actors;

public sealed class ActorStreamTests
{
    [Test]
    public void A_stream_id_has_the_service_in_the_upper_16_bits()
    {
        Assert.That(ActorStream.Compose(0x1234, 0x5678_9ABC_DEF0), Is.EqualTo(0x1234_5678_9ABC_DEF0));
        Assert.That(ActorStream.Compose(ushort.MaxValue, ActorStream.MaxNumber), Is.EqualTo(ulong.MaxValue));
        Assert.That(
            () => ActorStream.Compose(1, ActorStream.MaxNumber + 1),
            Throws.InstanceOf<ArgumentOutOfRangeException>()
        );
    }

    [Test]
    public void A_composed_id_decomposes_to_its_parts() =>
        Gen.Select(Gen.UShort, Gen.ULong[0, ActorStream.MaxNumber])
            .Sample(
                (service, number) =>
                {
                    ulong stream = ActorStream.Compose(service, number);
                    Assert.That(ActorStream.ServiceOf(stream), Is.EqualTo(service));
                    Assert.That(ActorStream.NumberOf(stream), Is.EqualTo(number));
                }
            );

    [Test]
    public void Replies_use_the_opposite_service()
    {
        Assert.That(ActorStream.Opposite(7), Is.EqualTo(0x8007));
        Assert.That(ActorStream.Opposite(0x8007), Is.EqualTo(7));
        Assert.That(ActorStream.Opposite(7), Is.EqualTo(7 | ActorStream.AnswerBit));
    }
}
