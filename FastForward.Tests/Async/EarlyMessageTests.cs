using FastForward.Transport;

namespace FastForward.Tests.Async;

/// <summary>Messages that arrive before anything receives their service: they wait, or their sender is told.</summary>
[TestFixture]
public sealed class EarlyMessageTests
{
    private const uint Self = DrivenClient.Self;

    // Nothing here depends on how long the machine takes.
    private static readonly ForwardClientOptions s_patient = new() { UnclaimedLimit = TimeSpan.FromMinutes(1) };

    [Test]
    public async Task Messages_from_before_the_receiver_are_read_in_order()
    {
        await using ClientPair pair = new(s_patient);
        ForwardStream stream = pair.A.Client.OpenStream(pair.B.Id, MessageClass.Reliable, 5);
        ForwardStream single = pair.A.Client.OpenStream(pair.B.Id, MessageClass.Reliable, 5);
        for (byte i = 0; i < 50; i++)
            Assert.That((await pair.A.Client.SendAsync(stream, new[] { i })).IsAccepted, Is.True);
        Assert.That((await pair.A.Client.SendAsync(single, new byte[] { 50 }, SendOptions.End)).IsAccepted, Is.True);
        Eventually.True(() => pair.B.OnLoop(() => pair.B.Client.OutstandingMessages) == 51, () => "all wait");
        Assert.That(pair.A.StoredFor(pair.B.Id), Is.EqualTo(51 * 65), "none is acknowledged");

        using ForwardReceiver receiver = pair.B.Client.Receive(5);
        for (byte i = 51; i < 100; i++)
            Assert.That((await pair.A.Client.SendAsync(stream, new[] { i })).IsAccepted, Is.True);
        await using IAsyncEnumerator<ForwardMessage> reader = receiver.ReadAllAsync().GetAsyncEnumerator();
        for (byte i = 0; i < 100; i++)
        {
            Assert.That(await reader.MoveNextAsync(), Is.True);
            Assert.That(reader.Current.Payload.ToArray(), Is.EqualTo(new[] { i }));
        }

        Eventually.True(() => pair.A.StoredFor(pair.B.Id) == 0, () => "all are acknowledged");
        Assert.That(pair.A.Reports, Is.Empty);
        Assert.That(pair.B.Client.UnclaimedMessages, Is.Zero);
    }

    [Test]
    public async Task A_request_from_before_the_responder_is_answered()
    {
        await using DrivenClient driven = new(s_patient);
        Task<byte[]> reply = driven.Client.RequestAsync(Self, 5, "early"u8.ToArray());
        driven.Until(() => driven.Client.OutstandingMessages == 1, "the request waits");
        ForwardResponder responder = driven.Client.Respond(5, static (request, _) => new(request.Payload.ToArray()));
        Assert.That(await driven.Until(reply), Is.EqualTo("early"u8.ToArray()));
        driven.Until(() => responder.RunningRequests == 0, "the end of the handler");
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Messages_that_nothing_receives_are_reported_by_their_sender(bool toOwnNode)
    {
        ForwardClientOptions options = new() { UnclaimedLimit = TimeSpan.FromMilliseconds(20) };
        await using ClientPair pair = new(options);
        uint to = toOwnNode ? pair.A.Id : pair.B.Id;
        ForwardClient receiver = toOwnNode ? pair.A.Client : pair.B.Client;
        ForwardStream stream = pair.A.Client.OpenStream(to, MessageClass.Reliable, 5);
        ForwardStream single = pair.A.Client.OpenStream(to, MessageClass.Reliable, 6);
        int accepted = 0;
        while (accepted < 1000 && (await pair.A.Client.SendAsync(stream, new byte[10])).IsAccepted)
            accepted++;
        Assert.That((await pair.A.Client.SendAsync(single, new byte[10], SendOptions.End)).IsAccepted, Is.True);
        Eventually.True(
            () => Reported(stream.Id) == accepted && Reported(single.Id) == 1,
            () => $"{Reported(stream.Id)} of {accepted} and {Reported(single.Id)} of 1 reported"
        );
        Assert.That(receiver.UnclaimedMessages, Is.Positive);
        Assert.That((await pair.A.Client.SendAsync(stream, new byte[10])).Status, Is.EqualTo(SendStatus.StreamEnded));

        long Reported(ulong id)
        {
            lock (pair.A.Reports)
                return pair.A.Reports.Where(report => report.Stream == id).Sum(static report => (long)report.Count);
        }
    }

    [Test]
    public async Task A_node_has_a_part_of_the_places()
    {
        await using DrivenClient driven = new(s_patient);
        List<Undelivered> reports = [];
        driven.Client.Undelivered += reports.Add;
        for (ulong stream = 0; stream < 300; stream++)
            Assert.That(driven.Node.Send(Self, (5ul << 48) + stream, MessageClass.Reliable, "x"u8).IsAccepted, Is.True);
        driven.Cycle();
        Assert.That(driven.Client.OutstandingMessages, Is.EqualTo(64));
        Assert.That(reports, Has.Count.EqualTo(236));
        Assert.That(driven.Client.UnclaimedMessages, Is.EqualTo(236));
        using ForwardReceiver receiver = driven.Client.Receive(5);
        driven.Cycle();
        Assert.That(receiver.Count, Is.EqualTo(64));
    }

    [Test]
    public async Task A_neighbour_that_floods_leaves_places_to_others()
    {
        await using ClientPair pair = new(s_patient);
        ForwardStream flood = pair.A.Client.OpenStream(pair.B.Id, MessageClass.Reliable, 5);
        for (int i = 0; i < 64; i++)
            Assert.That((await pair.A.Client.SendAsync(flood, new byte[1])).IsAccepted, Is.True);
        Eventually.True(() => pair.B.OnLoop(() => pair.B.Client.OutstandingMessages) == 64, () => "all wait");
        ForwardStream own = pair.B.Client.OpenStream(pair.B.Id, MessageClass.Reliable, 5);
        Assert.That((await pair.B.Client.SendAsync(own, new byte[1])).IsAccepted, Is.True);
        Eventually.True(() => pair.B.OnLoop(() => pair.B.Client.OutstandingMessages) == 65, () => "the other waits");
        ForwardStream more = pair.A.Client.OpenStream(pair.B.Id, MessageClass.Reliable, 5);
        Assert.That((await pair.A.Client.SendAsync(more, new byte[1])).IsAccepted, Is.True);
        Eventually.True(() => pair.B.Client.UnclaimedMessages == 1, () => "one more is refused");

        using ForwardReceiver receiver = pair.B.Client.Receive(5);
        Eventually.True(() => receiver.Count == 65, () => $"{receiver.Count} of 65 are delivered");
        Eventually.True(() => pair.A.StoredFor(pair.B.Id) == 0, () => "all are acknowledged or refused");
        lock (pair.A.Reports)
            Assert.That(pair.A.Reports.Select(static report => report.Stream), Is.EqualTo(new[] { more.Id }));
    }

    [Test]
    public async Task After_the_receiver_has_ended_messages_are_refused_at_once()
    {
        await using DrivenClient driven = new();
        List<Undelivered> reports = [];
        driven.Client.Undelivered += reports.Add;
        driven.Client.Receive(5).Dispose();
        driven.Node.Send(Self, 5ul << 48, MessageClass.Reliable, "x"u8, SendOptions.End);
        driven.Cycle();
        Assert.That(
            reports,
            Is.EqualTo(new[] { new Undelivered(Self, 5ul << 48, 0, 1, UndeliveredReason.StreamReset) })
        );
    }
}
