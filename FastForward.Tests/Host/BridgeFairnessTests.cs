using System.Net;
using System.Net.Sockets;
using FastForward.Host.Actors;
using FastForward.Transport.Sockets;

namespace FastForward.Tests.Host;

/// <summary>A flood from many ports of one address, and the clients that have to live beside it.</summary>
public sealed class BridgeFairnessTests
{
    private const int Places = 100;
    private const int FloodPorts = 1000;
    private const int Rounds = 20;
    private const int FloodOfRound = 500;

    [Test]
    public void Established_clients_of_the_same_address_keep_their_places_and_get_every_answer()
    {
        using BridgeWorld world = new(IPAddress.Loopback, Places);
        List<UdpSocket> honest = Clients(10, IPAddress.Loopback);
        List<UdpSocket> flood = Clients(FloodPorts, IPAddress.Loopback);
        try
        {
            foreach (UdpSocket client in honest)
            {
                Assert.That(world.Exchange(client));
                Assert.That(world.Exchange(client));
            }

            Flood(
                world,
                flood,
                () =>
                {
                    foreach (UdpSocket client in honest)
                        world.Ask(client, "question"u8);
                }
            );
            Assert.That(honest.Sum(Received), Is.EqualTo(honest.Count * Rounds), "answers to the honest clients");
            Assert.That(world.Log.TextsOf(8010), Has.Some.Contains("new clients came faster than places become free"));
        }
        finally
        {
            honest.Concat(flood).ToList().ForEach(static socket => socket.Dispose());
        }
    }

    [Test]
    public void New_clients_of_another_address_get_places_and_answers()
    {
        using BridgeWorld world = new(IPAddress.Any, Places);
        List<UdpSocket> flood = Clients(FloodPorts, IPAddress.Parse("127.0.0.2"));
        List<UdpSocket> honest = [];
        try
        {
            Flood(
                world,
                flood,
                () =>
                {
                    honest.AddRange(Clients(1, IPAddress.Parse("127.0.0.3")));
                    world.Ask(honest[^1], "question"u8);
                }
            );
            Assert.That(honest.Sum(Received), Is.EqualTo(Rounds), "answers to the honest clients");
        }
        finally
        {
            honest.Concat(flood).ToList().ForEach(static socket => socket.Dispose());
        }
    }

    [Test]
    public void While_the_node_refuses_each_sender_gets_its_share()
    {
        FairShare share = new();
        ShareUse flood = new(),
            honest = new();
        int honestRefused = 0,
            floodAccepted = 0;
        for (int window = 0; window < 20; window++)
        {
            TimeSpan now = TimeSpan.FromMilliseconds(10L * window);
            int room = 100; // what the node takes in a window
            for (int i = 0; i < 1000; i++)
            {
                if (i % 100 == 50)
                    honestRefused += Offer(honest, now, ref room) || window == 0 ? 0 : 1;
                floodAccepted += Offer(flood, now, ref room) ? 1 : 0;
            }
        }

        Assert.That(honestRefused, Is.LessThanOrEqualTo(19), "of 190, when the limit is tried again");
        Assert.That(floodAccepted, Is.GreaterThan(20 * 40), "the flood gets what is left");

        bool Offer(ShareUse use, TimeSpan now, ref int room)
        {
            if (!share.Allows(use, now))
                return false;
            if (room == 0)
            {
                share.Refused();
                return false;
            }

            room--;
            share.Accepted(use);
            return true;
        }
    }

    [Test]
    public void A_share_grows_while_nothing_is_sent_and_ends_after_a_second_without_a_refusal()
    {
        FairShare share = new();
        ShareUse one = new(),
            other = new();
        for (int i = 0; i < 8; i++)
            Assert.That(Burst(one, 0, 1) + Burst(other, 0, 1), Is.EqualTo(2));
        share.Refused();
        Assert.That(Burst(one, 10, 100), Is.EqualTo(8), "the mean of the window with a refusal");
        Assert.That(Burst(one, 20, 100), Is.EqualTo(9));
        Assert.That(Burst(one, 500, 1000), Is.EqualTo(1000), "48 windows later");

        Assert.That(Burst(one, 5000, 1), Is.EqualTo(1));
        share.Refused();
        Assert.That(Burst(one, 5010, 100), Is.EqualTo(1));
        for (int second = 1; second <= 10; second++)
            Assert.That(Burst(one, 5010 + (1000 * second), 100_000), Is.EqualTo(100_000), "a burst each second");

        int Burst(ShareUse use, int millis, int count)
        {
            int allowed = 0;
            for (int i = 0; i < count; i++)
            {
                if (!share.Allows(use, TimeSpan.FromMilliseconds(millis)))
                    continue;
                share.Accepted(use);
                allowed++;
            }

            return allowed;
        }
    }

    [Test]
    public void While_others_send_a_limit_ends_too()
    {
        FairShare share = new();
        ShareUse steady = new(),
            burst = new();
        Assert.That(share.Allows(steady, TimeSpan.Zero));
        share.Refused();
        for (int millis = 10; millis < 1010; millis += 10)
            Assert.That(share.Allows(steady, TimeSpan.FromMilliseconds(millis)));
        Assert.That(share.Allows(burst, TimeSpan.FromMilliseconds(1020)));
        burst.Accepted = 1_000_000;
        Assert.That(share.Allows(burst, TimeSpan.FromMilliseconds(1020)), "no limit");
    }

    private static void Flood(BridgeWorld world, List<UdpSocket> flood, Action honest)
    {
        int next = 0;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < FloodOfRound; i++)
            {
                world.Ask(flood[next++ % flood.Count], "flood"u8);
                if (i == FloodOfRound / 2)
                    honest();
            }

            world.Drive();
            world.Echo();
            world.Drive();
        }
    }

    private static List<UdpSocket> Clients(int count, IPAddress address)
    {
        List<UdpSocket> clients = [];
        for (int i = 0; i < count; i++)
            clients.Add(UdpSocket.Bind(new IPEndPoint(address, 0)));
        return clients;
    }

    // Another program may still send to the port, which was another one's before.
    private static int Received(UdpSocket client)
    {
        int count = 0;
        byte[] buffer = new byte[UdpSocket.MaxDatagramBytes];
        while (client.Receive(buffer, out int length, out _) == SocketError.Success)
        {
            ReadOnlySpan<byte> answer = buffer.AsSpan(0, length);
            Assert.That(answer.SequenceEqual("flood"u8), Is.False, "an answer to another client");
            count += answer.SequenceEqual("question"u8) ? 1 : 0;
        }

        return count;
    }
}
