using System.Net;
using FastForward.Host.Interop;

namespace FastForward.Tests.Host;

public sealed class DatagramSocketTests
{
    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public void Datagrams_go_there_and_back_by_address(string address)
    {
        using DatagramSocket server = Bind(address, out IPEndPoint local);
        using DatagramSocket client = DatagramSocket.Connect(local);
        using ReadySet ready = new();
        ready.Add(client, 42);
        byte[] buffer = new byte[100];
        Assert.That(server.Receive(buffer, out _), Is.EqualTo(-LibC.EAGAIN));
        Assert.That(ready.Look(), Is.Zero);

        Assert.That(client.Send("question"u8), Is.EqualTo(8));
        Assert.That(server.Receive(buffer, out UdpAddress from), Is.EqualTo(8));
        Assert.That(
            from.ToString(),
            Does.StartWith(
                local.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? "127.0.0.1:" : "[::1]:"
            )
        );
        Assert.That(server.SendTo("answer"u8, from), Is.EqualTo(6));
        Assert.That(ready.Look(), Is.EqualTo(1));
        Assert.That(ready[0], Is.EqualTo(42));
        Assert.That(client.Receive(buffer, out _), Is.EqualTo(6));
        Assert.That(client.Send([]), Is.Zero, "an empty datagram is one");
        Assert.That(server.Receive(buffer, out UdpAddress again), Is.Zero);
        Assert.That(again, Is.EqualTo(from));
        Assert.That(again.GetHashCode(), Is.EqualTo(from.GetHashCode()));
    }

    [Test]
    public void Receiving_and_answering_allocates_nothing()
    {
        using DatagramSocket server = Bind("127.0.0.1", out IPEndPoint local);
        using DatagramSocket client = DatagramSocket.Connect(local);
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
                server.Receive(buffer, out UdpAddress from);
                server.SendTo("answer"u8, from);
                client.Receive(buffer, out _);
                client.Receive(buffer, out _); // nothing there
            }
        }
    }

    [Test]
    public void Nobody_there_is_an_error_of_the_next_call()
    {
        IPEndPoint nobody;
        using (DatagramSocket gone = Bind("127.0.0.1", out nobody)) { }

        using DatagramSocket client = DatagramSocket.Connect(nobody);
        Assert.That(client.Send("hello"u8), Is.EqualTo(5));
        Assert.That(client.Send("hello"u8), Is.EqualTo(-LibC.ECONNREFUSED));
    }

    [Test]
    public void What_the_kernel_drops_is_counted()
    {
        using DatagramSocket server = Bind("127.0.0.1", out IPEndPoint local);
        using DatagramSocket client = DatagramSocket.Connect(local);
        byte[] datagram = new byte[1000];
        long sent = 0,
            received = 0;
        Assert.That(server.Overflows, Is.Zero);
        for (; server.Overflows == 0 && sent < 100_000; sent++)
            Assert.That(client.Send(datagram), Is.EqualTo(datagram.Length));
        while (server.Receive(datagram, out _) >= 0)
            received++;
        Assert.That(server.Overflows, Is.Positive);
        Assert.That(received + server.Overflows, Is.EqualTo(sent));
    }

    private static DatagramSocket Bind(string address, out IPEndPoint local)
    {
        int port = FastForward.Host.Demo.FreePorts.Find(1)[0];
        local = new IPEndPoint(IPAddress.Parse(address), port);
        return DatagramSocket.Bind(local);
    }
}
