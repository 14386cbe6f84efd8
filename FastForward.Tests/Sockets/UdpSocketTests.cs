using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Sockets;

namespace FastForward.Tests.Sockets;

public sealed class UdpSocketTests
{
    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public void Datagrams_go_there_and_back_by_address(string address)
    {
        using UdpSocket server = UdpSocket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        using UdpSocket client = UdpSocket.Connect(server.LocalEndPoint);
        byte[] buffer = new byte[100];
        Assert.That(server.Receive(buffer, out _, out _), Is.EqualTo(SocketError.WouldBlock));

        Assert.That(client.Send("question"u8), Is.EqualTo(SocketError.Success));
        Assert.That(server.Receive(buffer, out int length, out UdpSource from), Is.EqualTo(SocketError.Success));
        Assert.That(length, Is.EqualTo(8));
        Assert.That(from.Address.ToEndPoint(), Is.EqualTo(client.LocalEndPoint));
        Assert.That(from.ToString(), Is.EqualTo(client.LocalEndPoint.ToString()));
        Assert.That(from.Address, Is.EqualTo(new UdpAddress(client.LocalEndPoint)));

        Assert.That(server.Answer("answer"u8, from), Is.EqualTo(SocketError.Success));
        Assert.That(client.Receive(buffer, out length, out UdpSource back), Is.EqualTo(SocketError.Success));
        Assert.That(length, Is.EqualTo(6));
        Assert.That(back.Address, Is.EqualTo(new UdpAddress(server.LocalEndPoint)));

        Assert.That(client.Send([]), Is.EqualTo(SocketError.Success), "an empty datagram is one");
        Assert.That(server.Receive(buffer, out length, out UdpSource again), Is.EqualTo(SocketError.Success));
        Assert.That(length, Is.Zero);
        Assert.That(again == from && !(again != from) && again.GetHashCode() == from.GetHashCode());
    }

    [Test]
    public void A_buffer_of_the_limit_takes_the_longest_datagram()
    {
        const int Longest = 65_535 - 20 - 8; // the total length of RFC 791 without the headers of IPv4 and UDP
        using UdpSocket server = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using UdpSocket client = UdpSocket.Connect(server.LocalEndPoint);
        byte[] buffer = new byte[UdpSocket.MaxDatagramBytes];
        Assert.That(client.Send(buffer), Is.EqualTo(SocketError.MessageSize));
        byte[] datagram = new byte[Longest];
        Random.Shared.NextBytes(datagram);
        Assert.That(client.Send(datagram), Is.EqualTo(SocketError.Success));
        Assert.That(server.Receive(buffer, out int length, out _), Is.EqualTo(SocketError.Success));
        Assert.That(buffer.AsSpan(0, length).SequenceEqual(datagram), Is.True);
    }

    [Test]
    public void The_default_address_is_none()
    {
        UdpAddress none = default;
        Assert.That(none.ToEndPoint(), Is.Null);
        Assert.That(none.ToString(), Is.EqualTo("none"));
        Assert.That(none.Equals((object)new UdpAddress(new IPEndPoint(IPAddress.Loopback, 1))), Is.False);
        using UdpSocket socket = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.That(socket.SendTo("to nobody"u8, none), Is.Not.EqualTo(SocketError.Success));
    }

    [Test]
    public void Receiving_and_answering_allocates_nothing()
    {
        using UdpSocket server = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using UdpSocket client = UdpSocket.Connect(server.LocalEndPoint);
        byte[] buffer = new byte[100];
        Exchange(1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exchange(10_000);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Exchange(int count)
        {
            for (int i = 0; i < count; i++)
            {
                client.Send("question"u8);
                server.Receive(buffer, out _, out UdpSource from);
                server.Answer("answer"u8, from);
                client.Receive(buffer, out _, out _);
                client.Receive(buffer, out _, out _); // nothing there
            }
        }
    }

    [Test]
    public void A_missing_listener_is_an_error_of_the_next_call()
    {
        IPEndPoint closed;
        using (UdpSocket gone = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0)))
            closed = gone.LocalEndPoint;

        using UdpSocket client = UdpSocket.Connect(closed);
        Assert.That(client.Send("hello"u8), Is.EqualTo(SocketError.Success));
        Assert.That(client.Send("hello"u8), Is.EqualTo(SocketError.ConnectionRefused));
    }

    [Test]
    public void A_port_in_use_is_an_exception_of_the_framework()
    {
        using UdpSocket first = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        SocketException refused = Assert.Throws<SocketException>(() => UdpSocket.Bind(first.LocalEndPoint))!;
        Assert.That(refused.SocketErrorCode, Is.EqualTo(SocketError.AddressAlreadyInUse));
    }

    [Test]
    public void A_disposed_socket_can_only_be_disposed_of()
    {
        UdpSocket socket = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        UdpAddress self = new(socket.LocalEndPoint);
        socket.Dispose();
        socket.Dispose();
        Assert.Multiple(() =>
        {
            Assert.That(() => socket.Send("x"u8), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => socket.SendTo("x"u8, self), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => socket.Receive(new byte[9], out _, out _), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => socket.LocalEndPoint, Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => socket.DroppedDatagrams, Throws.InstanceOf<ObjectDisposedException>());
        });
    }

    [Test]
    public void What_the_kernel_drops_is_counted()
    {
        using UdpSocket server = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0), receiveBufferBytes: 65_536);
        using UdpSocket client = UdpSocket.Connect(server.LocalEndPoint);
        byte[] datagram = new byte[1000];
        long sent = 0,
            received = 0;
        Assert.That(server.DroppedDatagrams, Is.Zero);
        for (; server.DroppedDatagrams == 0 && sent < 100_000; sent++)
            Assert.That(client.Send(datagram), Is.EqualTo(SocketError.Success));
        while (server.Receive(datagram, out _, out _) == SocketError.Success)
            received++;
        Assert.That(server.DroppedDatagrams, Is.Positive);
        Assert.That(received + server.DroppedDatagrams, Is.EqualTo(sent));
    }
}
