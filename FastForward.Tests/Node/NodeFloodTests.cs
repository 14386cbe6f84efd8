using System.Net;
using System.Net.Sockets;
using FastForward.Tests.Session;
using FastForward.Tests.Transports;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Session.Wire;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Tests.Node;

/// <summary>Floods from unknown sources and from peers.</summary>
[TestFixture]
public sealed class NodeFloodTests
{
    private const int Datagrams = 1_000_000;
    private const int PerCycle = 50;
    private const int Seed = 1;

    [Test]
    public void A_million_random_and_mutated_datagrams_are_survived()
    {
        using NodeWorld world = new();
        (TestNode a, TestNode b) = world.Pair(TransportKind.Ip);
        using Socket stranger = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        SocketAddress target = new IPEndPoint(IPAddress.Loopback, a.UdpPort).Serialize();
        Random random = new(Seed);
        byte[][] golden = [.. GoldenFrames.Version1.Values];
        byte[] datagram = new byte[1200];
        ulong expectedByA = 0,
            expectedByB = 0,
            sentByA = 0,
            sentByB = 0;
        bool ordered = true;
        a.OnReceived = (in ReceivedMessage message) => Take(message, ref expectedByA);
        b.OnReceived = (in ReceivedMessage message) => Take(message, ref expectedByB);
        GC.Collect();
        long before = GC.GetTotalMemory(forceFullCollection: true);

        for (int sent = 0; sent < Datagrams; sent += PerCycle)
        {
            for (int i = 0; i < PerCycle; i++)
                stranger.SendTo(datagram.AsSpan(0, Fill()), SocketFlags.None, target);
            if (a.Node.Send(b.Id, 1, MessageClass.RealTime, "voice"u8).IsAccepted)
                sentByA++;
            if (b.Node.Send(a.Id, 1, MessageClass.RealTime, "voice"u8).IsAccepted)
                sentByB++;
            world.Cycle();
        }

        // The kernel may drop frames when the flood fills the socket buffer: the streams must be intact, not complete.
        world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), $"both still connected, seed {Seed}");
        long after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.That(ordered, Is.True, $"seed {Seed}");
        Assert.That(expectedByB, Is.GreaterThan(0).And.LessThanOrEqualTo(sentByA), $"seed {Seed}");
        Assert.That(expectedByA, Is.GreaterThan(0).And.LessThanOrEqualTo(sentByB), $"seed {Seed}");
        Assert.That(a.Node.Statistics.StrangerFrames, Is.GreaterThan(Datagrams / 10), $"seed {Seed}");
        Assert.That(a.Node.Statistics.RefusedHandshakes, Is.GreaterThan(0), $"seed {Seed}");
        Assert.That(a.Changes, Has.Count.LessThan(2000), $"seed {Seed}: events are limited");
        Assert.That(after - before, Is.LessThan(8 << 20), $"seed {Seed}: nothing is kept for strangers");

        void Take(in ReceivedMessage message, ref ulong expected)
        {
            ordered &= message.Sequence == expected + message.SkippedBefore && message.Payload.SequenceEqual("voice"u8);
            expected = message.Sequence + 1;
        }

        int Fill()
        {
            if (random.Next(2) == 0)
            {
                int noise = random.Next(1, 300);
                random.NextBytes(datagram.AsSpan(0, noise));
                return noise;
            }

            byte[] frame = golden[random.Next(golden.Length)];
            frame.CopyTo(datagram, 0);
            for (int changes = random.Next(4); changes > 0; changes--)
                datagram[random.Next(frame.Length)] = (byte)random.Next(256);
            return random.Next(6) == 0 ? random.Next(1, frame.Length) : frame.Length;
        }
    }

    [Test]
    public void Events_that_a_peer_triggers_do_not_accumulate()
    {
        const int Frames = 40;
        using NodeWorld world = new();
        TestNode node = world.Start(250012);
        // No process listens on port 47: only the peer can connect.
        node.Route(new RouteRow(25011, 0, TransportKind.Socket, "", 47));
        world.Until(() => node.Node.GetPeer(25011) is not null, "the route");
        using RawSeqPacket peer = new();
        Assert.That(peer.Connect($"{world.SocketDirectory}/FastForward.{node.SocketPort}.sock"), Is.Zero);
        byte[] frame = new byte[16_000];
        new OpeningPacket(OpeningPacket.CurrentVersion, OpeningStatus.Welcome, 0, 16_384, 0).Write(frame);
        Exchange(OpeningPacket.Length);
        new Handshake
        {
            Type = FrameType.Init,
            ReceiverIndex = 0,
            SenderIndex = 9,
            From = 25011,
            To = node.Id,
            Incarnation = 77,
            Epoch = 1,
        }.Write(frame);
        Assert.That(Handshake.TryRead(Exchange(WireFormat.Handshake), out Handshake response), Is.True);

        ulong stream = 0;
        for (uint number = 0; number < Frames; number++)
        {
            FrameWriter writer = new(frame);
            while (writer.Room >= WireFormat.MessageHeader + WireFormat.RealTimeFields)
                writer.WriteRealTime(
                    stream++,
                    0,
                    MessageBits.Begin | MessageBits.End | MessageBits.Mark,
                    0,
                    0,
                    default
                );
            writer.WriteHeader(response.SenderIndex, number, 0);
            long received = node.Node.Statistics.FramesReceived;
            Assert.That(peer.Send(frame.AsSpan(0, writer.Length)), Is.True);
            world.Until(() => node.Node.Statistics.FramesReceived > received, "the frame");
            Assert.That(node.Ends, Has.Count.EqualTo((int)stream), $"after frame {number}");
        }

        byte[] Exchange(int length)
        {
            byte[]? answer = null;
            Assert.That(peer.Send(frame.AsSpan(0, length)), Is.True);
            world.Until(() => (answer = peer.Receive()) is not { Length: 0 }, "an answer");
            return answer ?? throw new AssertionException("The node closed the connection.");
        }
    }
}
