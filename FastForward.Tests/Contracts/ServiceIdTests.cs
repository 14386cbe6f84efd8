using CsCheck;
using FastForward.Transport;

namespace FastForward.Tests.Contracts;

[TestFixture]
public sealed class ServiceIdTests
{
    [Test]
    public void A_number_is_the_direction_of_requests()
    {
        ServiceId service = 5;
        Assert.Multiple(() =>
        {
            Assert.That(service, Is.EqualTo(new ServiceId(5)));
            Assert.That(service.Number, Is.EqualTo(5));
            Assert.That(service.IsReply, Is.False);
            Assert.That(service.ToString(), Is.EqualTo("5"));
            Assert.That(default(ServiceId), Is.EqualTo(new ServiceId(0)));
        });
    }

    [Test]
    public void Replies_have_the_same_number_and_are_another_direction()
    {
        ServiceId replies = new ServiceId(5).Reply;
        Assert.Multiple(() =>
        {
            Assert.That(replies.Number, Is.EqualTo(5));
            Assert.That(replies.IsReply, Is.True);
            Assert.That(replies, Is.Not.EqualTo(new ServiceId(5)));
            Assert.That(replies.Reply, Is.EqualTo(replies));
            Assert.That(replies.Opposite, Is.EqualTo(new ServiceId(5)));
            Assert.That(replies.ToString(), Is.EqualTo("5 reply"));
        });
    }

    [Test]
    public void The_largest_number_is_0x7FFF()
    {
        Assert.That(new ServiceId(ServiceId.MaxNumber).Number, Is.EqualTo(0x7FFF));
        Assert.That(
            static () => new ServiceId(ServiceId.MaxNumber + 1),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("ServiceId.Reply")
        );
    }

    [Test]
    public void Only_a_byte_converts_because_it_cannot_be_out_of_range()
    {
        string[] sources =
        [
            .. typeof(ServiceId)
                .GetMethods()
                .Where(static method => method.Name is "op_Implicit")
                .Select(static method => method.GetParameters().Single().ParameterType.Name),
        ];
        Assert.That(sources, Is.EqualTo([nameof(Byte)]));
        ServiceId largest = byte.MaxValue;
        Assert.That(largest, Is.EqualTo(new ServiceId(255)));
    }

    [Test]
    public void A_stream_id_is_the_direction_and_number_of_the_service_above_48_bits_of_the_stream()
    {
        // docs/protocol.md, "Services and pipes".
        Assert.That(new ServiceId(0x1234).StreamWith(0x5678_9ABC_DEF0), Is.EqualTo(0x1234_5678_9ABC_DEF0));
        Assert.That(new ServiceId(0x1234).Reply.StreamWith(0x5678_9ABC_DEF0), Is.EqualTo(0x9234_5678_9ABC_DEF0));
        Gen.Select(Gen.UShort[0, ServiceId.MaxNumber], Gen.Bool, Gen.ULong)
            .Sample(
                (number, isReply, stream) =>
                {
                    ServiceId service = isReply ? new ServiceId(number).Reply : new ServiceId(number);
                    ulong id = service.StreamWith(stream);
                    Assert.That(ServiceId.OfStream(id), Is.EqualTo(service));
                    Assert.That(ServiceId.OfStream(ServiceId.OppositeStream(id)), Is.EqualTo(service.Opposite));
                    Assert.That(id & 0xFFFF_FFFF_FFFF, Is.EqualTo(stream & 0xFFFF_FFFF_FFFF));
                }
            );
    }
}
