using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Node;

/// <summary>A node behind a translator that chooses another port, over real UDP sockets.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RoamingNodeTests : IDisposable
{
    private const int Messages = 2000;
    private const int MovesAt = 500;

    private readonly NodeWorld _world = new();

    [Test]
    public void A_path_goes_on_when_the_port_of_its_peer_changes_under_traffic()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        using Translator translator = new(a.UdpPort, b.UdpPort);
        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, "127.0.0.1", translator.NearPort));
        // On this host the port says who it is: a row admits the second one, too, and opens no path.
        b.Override(new RouteRow(a.Id, 0, TransportKind.Ip, "127.0.0.1", translator.FarPort));
        b.Route(new RouteRow(a.Id, 0, TransportKind.Rdma, "127.0.0.1", translator.NextFarPort));
        Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "both connected");
        Until(() => b.Node.GetPeer(a.Id)!.Paths.Count == 1 && a.Node.GetPeer(b.Id)!.Paths.Count == 1, "one path");

        Ledger toA = new(),
            toB = new();
        a.OnReceived = (in ReceivedMessage message) => toA.Take(message);
        b.OnReceived = (in ReceivedMessage message) => toB.Take(message);
        byte[] payload = new byte[100];
        for (int i = 0; i < Messages; i++)
        {
            if (i == MovesAt)
                translator.Move();
            BinaryPrimitives.WriteInt32LittleEndian(payload, i);
            Until(() => a.Node.Send(b.Id, 1, MessageClass.Reliable, payload).IsAccepted, "room");
            Until(() => b.Node.Send(a.Id, 2, MessageClass.Reliable, payload).IsAccepted, "room");
        }

        Until(() => toA.Count == Messages && toB.Count == Messages, "all messages");
        Assert.That((toA.IsInOrder, toB.IsInOrder), Is.EqualTo((true, true)));
        Until(() => b.Changes.Exists(static change => change.Kind == PeerEventKind.Moved), "the event");
        Assert.That(
            b.Changes.Where(static change => change.Kind == PeerEventKind.Moved).Select(static change => change.Reason),
            Is.EqualTo(
                new[]
                {
                    $"the peer is at 127.0.0.1:{translator.NextFarPort} now, and was at 127.0.0.1:{translator.FarPort}",
                }
            )
        );
        foreach (TestNode node in (TestNode[])[a, b])
            Assert.That(
                node.Changes.Select(static change => change.Kind),
                Has.None.AnyOf(PeerEventKind.Suspect, PeerEventKind.Lost, PeerEventKind.Restarted),
                "nothing else happened"
            );

        void Until(Func<bool> condition, string what) =>
            _world.Until(
                () =>
                {
                    translator.Forward();
                    return condition();
                },
                what
            );
    }

    public void Dispose() => _world.Dispose();

    private sealed class Ledger
    {
        public int Count { get; private set; }

        public bool IsInOrder { get; private set; } = true;

        public void Take(in ReceivedMessage message) =>
            IsInOrder &= BinaryPrimitives.ReadInt32LittleEndian(message.Payload) == Count++;
    }

    // Two UDP sockets with a relay between them; that towards the far node can be replaced by another one.
    private sealed class Translator : IDisposable
    {
        private readonly Socket _near = Open();
        private readonly Socket _next = Open();
        private readonly IPEndPoint _nearNode;
        private readonly IPEndPoint _farNode;
        private readonly byte[] _buffer = new byte[2048];
        private readonly Socket _first = Open();
        private bool _isMoved;

        public Translator(int near, int far)
        {
            _nearNode = new IPEndPoint(IPAddress.Loopback, near);
            _farNode = new IPEndPoint(IPAddress.Loopback, far);
            FarPort = PortOf(_first);
        }

        public int NearPort => PortOf(_near);

        public int FarPort { get; }

        public int NextFarPort => PortOf(_next);

        public void Forward()
        {
            Socket far = _isMoved ? _next : _first;
            Forward(_near, far, _farNode);
            Forward(far, _near, _nearNode);
        }

        public void Move()
        {
            _first.Dispose();
            _isMoved = true;
        }

        public void Dispose()
        {
            _near.Dispose();
            _first.Dispose();
            _next.Dispose();
        }

        private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

        private static Socket Open()
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return socket;
        }

        private void Forward(Socket from, Socket to, IPEndPoint target)
        {
            while (from.Poll(0, SelectMode.SelectRead))
                to.SendTo(_buffer.AsSpan(0, from.Receive(_buffer)), target);
        }
    }
}
