using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Node;

/// <summary>Held credit blocks the sender until it is disposed, once.</summary>
[TestFixture]
public sealed class CreditHoldTests
{
    private NodeWorld _world = null!;

    [SetUp]
    public void SetUp() => _world = new NodeWorld();

    [TearDown]
    public void TearDown() => _world.Dispose();

    [TestCase(false, TestName = "The_sender_waits_while_its_credit_is_held_by_another_node")]
    [TestCase(true, TestName = "The_sender_waits_while_its_credit_is_held_by_itself")]
    public void The_sender_waits_while_its_credit_is_held(bool isLocal)
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        TestNode receiver = isLocal ? a : b;
        List<CreditHold> holds = [];
        receiver.OnReceived = (in ReceivedMessage message) => holds.Add(receiver.Node.HoldCredit(message));
        ForwardStream stream = a.Node.OpenStream(receiver.Id, MessageClass.Reliable);
        byte[] payload = new byte[10_000];
        int accepted = 0;
        while (stream.Send(payload).IsAccepted)
            accepted++;
        _world.Until(() => holds.Count == accepted, "all that the credit allows");
        Assert.That(stream.Send(payload).Status, Is.EqualTo(SendStatus.BackPressured), "nothing came back");

        CreditHold first = holds[0],
            copy = first;
        Assert.That(first == copy && first != holds[1], Is.True);
        foreach (CreditHold hold in holds)
            hold.Dispose();
        copy.Dispose();
        first.Dispose();
        _world.Until(() => a.WritableStreams.Contains((receiver.Id, stream.Id)), "the stream takes messages again");
        holds.Clear();
        accepted = 0;
        while (stream.Send(payload).IsAccepted)
            accepted++;
        Assert.That(accepted, Is.GreaterThan(10));
        _world.Until(() => holds.Count == accepted, "the second load");
        copy.Dispose(); // its pooled record is used by another hold now
        Assert.That(stream.Send(payload).Status, Is.EqualTo(SendStatus.BackPressured), "a stale copy releases nothing");
    }

    [Test]
    public void A_real_time_message_has_no_credit_to_hold()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        List<CreditHold> holds = [];
        b.OnReceived = (in ReceivedMessage message) => holds.Add(b.Node.HoldCredit(message));
        a.Node.OpenStream(b.Id, MessageClass.RealTime).Send("x"u8);
        _world.Until(() => holds.Count == 1, "the message");
        Assert.That(holds[0], Is.EqualTo(default(CreditHold)));
        holds[0].Dispose();
    }

    [Test]
    public void A_hold_outlives_its_stream()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        List<CreditHold> holds = [];
        b.OnReceived = (in ReceivedMessage message) => holds.Add(b.Node.HoldCredit(message));
        a.Node.OpenStream(b.Id, MessageClass.Reliable).Send("x"u8, SendOptions.End);
        _world.Until(() => b.Ends.Count == 1, "the end");
        a.Node.Dispose();
        _world.Until(() => !b.IsConnectedTo(a), "the loss of the peer");
        Assert.That(() => holds[0].Dispose(), Throws.Nothing);
    }

    [Test]
    public void Holding_and_releasing_allocates_nothing()
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { FailFast = true });
        using OverrideResolver routes = new([]);
        HoldingHandler handler = new();
        using ForwardNode node = new(loop, new ForwardNodeOptions { Node = 1 }, [], routes);
        handler.Node = node;
        node.Start(handler);
        ForwardStream stream = node.OpenStream(1, MessageClass.Reliable);
        byte[] payload = new byte[100];
        Send(1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Send(10_000);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(handler.Received, Is.EqualTo(11_000));

        void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                stream.Send(payload);
                loop.DoWork();
            }
        }
    }

    // Holds each message until two more have arrived.
    private sealed class HoldingHandler : IForwardHandler
    {
        private readonly CreditHold[] _held = new CreditHold[2];

        public ForwardNode Node { get; set; } = null!;

        public int Received { get; private set; }

        public void OnMessage(in ReceivedMessage message)
        {
            ref CreditHold held = ref _held[Received++ % _held.Length];
            held.Dispose();
            held = Node.HoldCredit(message);
        }
    }
}
