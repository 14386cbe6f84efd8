using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Tests.Node;

/// <summary>An error in the output to one peer leaves no claim open and does not delay the output to others.</summary>
[TestFixture]
public sealed class FaultyOutputTests
{
    private const uint Broken = 7;

    [TestCase(false)]
    [TestCase(true)]
    public void An_exception_while_a_frame_is_written_concerns_its_peer_only(bool throwsInFlush)
    {
        using TemporaryDirectory directory = new();
        using ForwardLoop loop = new(new ForwardLoopOptions { FailFast = false });
        FaultyTransport faulty = new() { ThrowsInFlush = throwsInFlush };
        using SmallNode a = new(loop, directory.Path, 1, [Row(2), BrokenRow()], faulty);
        using SmallNode b = new(loop, directory.Path, 2, [Row(1)]);
        Until(() => a.Node.GetPeer(2)?.State == PeerState.Connected && faulty.Claims > 0, "a failed frame");
        for (int i = 0; i < 100; i++)
        {
            Assert.That(a.Node.Send(2, 1, MessageClass.Reliable, [(byte)i]).IsAccepted, Is.True);
            a.Node.Send(Broken, 1, MessageClass.Reliable, [(byte)i]);
        }

        Until(
            () => b.Messages == 100 && a.Undelivered == 100 && faulty.Claims > 2,
            "all messages to the other peer, reports of those to the failing one, and further attempts"
        );
        Assert.That(faulty.HadOpenClaim, Is.False);
        Assert.That(faulty.Aborts, Is.EqualTo(faulty.Claims));
        Assert.That(loop.Statistics.CallbackFailures, Is.GreaterThanOrEqualTo(faulty.Claims));

        void Until(Func<bool> condition, string what) =>
            Eventually.True(
                () =>
                {
                    loop.DoWork();
                    return condition();
                },
                () => what
            );
    }

    private static RouteRow Row(uint node) => new(node, 0, TransportKind.Socket, "", (int)node);

    private static RouteRow BrokenRow() => new(Broken, 0, TransportKind.VSocket, "1", 77);

    private sealed class SmallNode : IForwardHandler, IDisposable
    {
        private readonly OverrideResolver _routes;

        public SmallNode(ForwardLoop loop, string directory, uint id, RouteRow[] rows, FaultyTransport? faulty = null)
        {
            _routes = new OverrideResolver(
                [new StaticRouteSource(rows)],
                new RouteOptions { SocketDirectory = directory }
            );
            SocketTransport socket = new(new SocketTransportOptions { Port = (int)id, Directory = directory });
            Node = new ForwardNode(
                loop,
                new ForwardNodeOptions { Node = id },
                faulty is null ? [socket] : [faulty, socket],
                _routes
            );
            Node.Start(this);
        }

        public ForwardNode Node { get; }

        public int Messages { get; private set; }

        public long Undelivered { get; private set; }

        public void OnMessage(in ReceivedMessage message) => Messages++;

        public void OnUndelivered(in Undelivered report) => Undelivered += (long)report.Count;

        public void Dispose()
        {
            Node.Dispose();
            _routes.Dispose();
        }
    }
}
