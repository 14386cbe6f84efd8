using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Messages of the send store that are used again.</summary>
[TestFixture]
public sealed class OutgoingMessagePoolTests
{
    [Test]
    public void A_message_that_is_used_again_has_nothing_of_its_former_use()
    {
        OutgoingMessagePool pool = new();
        OutgoingMessage former = pool.Rent([1, 2, 3]);
        uint generation = former.Generation;
        former.Kind = OutgoingKind.Reset;
        former.IsEnd = true;
        former.Budget = 1;
        former.Waited = 2;
        former.Stream = new SendStream(1, default);
        former.Arrived.Add(0, 2);
        former.IsImportant = true;
        former.WasWritten = true;
        former.CopiesLeft = 3;
        former.Repeats = 4;
        former.HasArrived = true;
        pool.Return(former);
        OutgoingMessage message = pool.Rent([7]);
        Assert.That(message, Is.SameAs(former));
        Assert.That(message.Generation, Is.Not.EqualTo(generation), "what still refers to it is outdated");
        Assert.That(message.Payload.ToArray(), Is.EqualTo(new byte[] { 7 }));
        Assert.That(message.Kind, Is.EqualTo(OutgoingKind.Message));
        Assert.That((message.Budget, message.Waited, message.CopiesLeft, message.Repeats), Is.EqualTo((0L, 0L, 0, 0)));
        Assert.That((message.IsEnd, message.IsImportant, message.WasWritten), Is.EqualTo((false, false, false)));
        Assert.That((message.HasArrived, message.Arrived.Count), Is.EqualTo((false, 0)));
        Assert.That((message.Stream, message.Next), Is.EqualTo(((SendStream?)null, (OutgoingMessage?)null)));
        Assert.That(pool.Rent([8]), Is.Not.SameAs(message));
    }
}
