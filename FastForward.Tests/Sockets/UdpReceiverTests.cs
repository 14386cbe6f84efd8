using System.Net;
using System.Net.Sockets;
using System.Text;
using FastForward.Transport.Loop;
using FastForward.Transport.Sockets;

namespace FastForward.Tests.Sockets;

public sealed class UdpReceiverTests : IDisposable
{
    private readonly ForwardLoop _loop = new();
    private readonly Recorder _recorder = new();
    private readonly UdpReceiver _receiver;
    private readonly List<UdpSocket> _sockets = [];
    private long _earlierFailures;

    public UdpReceiverTests()
    {
        _receiver = new UdpReceiver(_recorder);
        _loop.Add(_receiver);
    }

    private long CallbackFailures => _loop.Statistics.CallbackFailures - _earlierFailures;

    [SetUp]
    public void SetUp() => _earlierFailures = _loop.Statistics.CallbackFailures;

    [TearDown]
    public void CleanUp()
    {
        foreach (UdpSocket socket in _sockets)
        {
            _receiver.Remove(socket);
            socket.Dispose();
        }

        _sockets.Clear();
        _recorder.Clear();
    }

    public void Dispose()
    {
        _loop.Remove(_receiver);
        _receiver.Dispose();
        _loop.Dispose();
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(200)]
    public void Every_datagram_comes_with_its_socket_and_source(int sockets)
    {
        UdpSocket sender = Bind();
        for (int i = 0; i < sockets; i++)
            _receiver.Add(Bind());
        Assert.That(_receiver.Count, Is.EqualTo(sockets));
        for (int i = 0; i < 10; i++)
        {
            for (int target = 1; target <= sockets; target++)
                sender.SendTo(Encoding.ASCII.GetBytes($"{target}:{i}"), new UdpAddress(_sockets[target].LocalEndPoint));
        }

        while (_loop.DoWork() > 0) { }

        Assert.That(_recorder.Datagrams, Has.Count.EqualTo(10 * sockets));
        Assert.That(_recorder.Datagrams.Select(static one => one.Source), Is.All.EqualTo(sender.LocalEndPoint));
        for (int target = 1; target <= sockets; target++)
        {
            Assert.That(
                _recorder.Datagrams.Where(one => one.Socket == _sockets[target]).Select(static one => one.Text),
                Is.EqualTo(Enumerable.Range(0, 10).Select(i => $"{target}:{i}"))
            );
        }
    }

    [Test]
    public void A_sleeping_loop_wakes_for_a_datagram()
    {
        UdpSocket sender = Bind(),
            target = Bind();
        _receiver.Add(target);
        Assert.That(_loop.DoWork(), Is.Zero);
        sender.SendTo("wake"u8, new UdpAddress(target.LocalEndPoint));
        _loop.Sleep(30_000_000);
        _loop.DoWork();
        Assert.That(_recorder.Datagrams.Single().Text, Is.EqualTo("wake"));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void A_socket_that_the_handler_removes_is_not_reported_again(int sockets)
    {
        (UdpSocket sender, UdpSocket target) = BindTarget(sockets);
        for (int i = 0; i < 5; i++)
            sender.SendTo("datagram"u8, new UdpAddress(target.LocalEndPoint));
        _recorder.When = socket => _receiver.Remove(socket);

        while (_loop.DoWork() > 0) { }

        Assert.That(_recorder.Datagrams, Has.Count.EqualTo(1));
        Assert.That(_receiver.Count, Is.EqualTo(sockets - 1));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void A_receiver_that_its_handler_disposes_of_keeps_the_datagram_and_reports_no_other(int sockets)
    {
        UdpSocket sender = Bind(),
            target = Bind();
        string text = new('x', 60_000);
        Recorder recorder = new();
        using UdpReceiver receiver = new(recorder);
        receiver.Add(target);
        for (int i = 1; i < sockets; i++)
            receiver.Add(Bind());
        for (int i = 0; i < 3; i++)
            sender.SendTo(Encoding.ASCII.GetBytes(text), new UdpAddress(target.LocalEndPoint));
        recorder.Before = receiver.Dispose; // the datagram is read after it
        _loop.Add(receiver);

        for (int i = 0; i < 3; i++)
            _loop.DoWork();
        _loop.Remove(receiver);

        Assert.That(recorder.Datagrams.Select(static one => one.Text), Is.EqualTo([text]));
        Assert.That(CallbackFailures, Is.Zero);
        Assert.That(receiver.Count, Is.Zero);
    }

    [Test]
    public void A_receiver_that_its_handler_disposes_of_after_an_error_reports_nothing_more()
    {
        using UdpSocket client = ConnectToNobody(out _);
        Recorder recorder = new();
        using UdpReceiver receiver = new(recorder);
        receiver.Add(client);
        recorder.WhenError = receiver.Dispose;
        client.Send("hello"u8);
        _loop.Add(receiver);

        for (int i = 0; i < 3; i++)
            _loop.DoWork();
        _loop.Remove(receiver);

        Assert.That(recorder.Errors, Is.EqualTo([(client, SocketError.ConnectionRefused)]));
        Assert.That(CallbackFailures, Is.Zero);
    }

    [Test]
    public void A_disposed_receiver_receives_nothing_and_takes_no_socket()
    {
        UdpSocket sender = Bind(),
            target = Bind();
        UdpReceiver receiver = new(_recorder);
        receiver.Add(target);
        _loop.Add(receiver);
        sender.SendTo("datagram"u8, new UdpAddress(target.LocalEndPoint));
        receiver.Dispose();
        receiver.Dispose();
        _loop.DoWork();
        _loop.Remove(receiver);
        receiver.Remove(target);

        Assert.That(_recorder.Datagrams, Is.Empty);
        Assert.That(CallbackFailures, Is.Zero);
        Assert.That(() => receiver.Add(target), Throws.InstanceOf<ObjectDisposedException>());
    }

    [TestCase(1)]
    [TestCase(2)]
    public void A_socket_that_was_disposed_of_first_can_be_removed(int sockets)
    {
        (UdpSocket sender, UdpSocket target) = BindTarget(sockets);
        target.Dispose();
        _loop.DoWork();
        Assert.That(_recorder.Errors, Is.Empty);

        _receiver.Remove(target);
        Assert.That(_receiver.Count, Is.EqualTo(sockets - 1));
        UdpSocket next = Bind(); // gets the descriptor and the slot of the old one
        _receiver.Add(next);
        sender.SendTo("datagram"u8, new UdpAddress(next.LocalEndPoint));
        while (_loop.DoWork() > 0) { }
        Assert.That(_recorder.Datagrams.Select(static one => (one.Socket, one.Text)), Is.EqualTo([(next, "datagram")]));
        Assert.That(CallbackFailures, Is.Zero);
    }

    [TestCase(1)]
    [TestCase(2)]
    public void A_socket_that_the_handler_disposes_of_is_not_reported_again(int sockets)
    {
        (UdpSocket sender, UdpSocket target) = BindTarget(sockets);
        for (int i = 0; i < 5; i++)
            sender.SendTo("datagram"u8, new UdpAddress(target.LocalEndPoint));
        _recorder.When = static socket => socket.Dispose();

        for (int i = 0; i < 5; i++)
            _loop.DoWork();

        Assert.That(_recorder.Datagrams, Has.Count.EqualTo(1));
        Assert.That(_recorder.Errors, Is.Empty);
    }

    [Test]
    public void A_disposed_socket_is_not_added()
    {
        UdpSocket gone = Bind();
        gone.Dispose();
        Assert.That(() => _receiver.Add(gone), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(_receiver.Count, Is.Zero);
    }

    [Test]
    public void A_handler_that_throws_loses_one_datagram()
    {
        UdpSocket sender = Bind(),
            target = Bind();
        _receiver.Add(target);
        for (int i = 0; i < 5; i++)
            sender.SendTo(Encoding.ASCII.GetBytes($"{i}"), new UdpAddress(target.LocalEndPoint));
        int calls = 0;
        _recorder.When = _ =>
        {
            if (++calls == 2)
                throw new InvalidOperationException("a defect");
        };

        for (int i = 0; i < 10; i++)
            _loop.DoWork();

        Assert.That(_recorder.Datagrams.Select(static one => one.Text), Is.EqualTo(["0", "1", "2", "3", "4"]));
        Assert.That(CallbackFailures, Is.EqualTo(1));
    }

    [Test]
    public void A_refused_datagram_is_an_error_of_its_socket_which_goes_on()
    {
        UdpSocket client = ConnectToNobody(out IPEndPoint target);
        _sockets.Add(client);
        _receiver.Add(client);

        client.Send("hello"u8);
        while (_loop.DoWork() > 0) { }
        Assert.That(_recorder.Errors, Is.EqualTo([(client, SocketError.ConnectionRefused)]));

        using UdpSocket server = UdpSocket.Bind(target);
        server.SendTo("late"u8, new UdpAddress(client.LocalEndPoint));
        while (_loop.DoWork() > 0) { }
        Assert.That(_recorder.Datagrams.Single().Text, Is.EqualTo("late"));
    }

    [TestCase(1)]
    [TestCase(3)]
    public void A_datagram_allocates_nothing(int sockets)
    {
        UdpSocket sender = Bind();
        Counter counter = new();
        using UdpReceiver receiver = new(counter);
        for (int i = 0; i < sockets; i++)
            receiver.Add(Bind());
        UdpAddress[] targets = [.. _sockets.Skip(1).Select(static socket => new UdpAddress(socket.LocalEndPoint))];
        _loop.Add(receiver);

        Run(1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(10_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        _loop.Remove(receiver);
        Assert.That(counter.Count, Is.EqualTo(11_000));
        Assert.That(allocated, Is.Zero);

        void Run(int count)
        {
            for (int i = 0; i < count; i++)
            {
                sender.SendTo("datagram"u8, targets[i % targets.Length]);
                _loop.DoWork();
            }
        }
    }

    // The receiver has the target, and other sockets up to the number given.
    private (UdpSocket Sender, UdpSocket Target) BindTarget(int sockets)
    {
        UdpSocket sender = Bind(),
            target = Bind();
        _receiver.Add(target);
        for (int i = 1; i < sockets; i++)
            _receiver.Add(Bind());
        return (sender, target);
    }

    private UdpSocket Bind()
    {
        UdpSocket socket = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _sockets.Add(socket);
        return socket;
    }

    private static UdpSocket ConnectToNobody(out IPEndPoint target)
    {
        using UdpSocket gone = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        target = gone.LocalEndPoint;
        return UdpSocket.Connect(target);
    }

    private sealed class Recorder : IUdpHandler
    {
        public List<(UdpSocket Socket, string Text, IPEndPoint Source)> Datagrams { get; } = [];

        public List<(UdpSocket Socket, SocketError Error)> Errors { get; } = [];

        /// <summary>Called before a datagram is read.</summary>
        public Action? Before { get; set; }

        /// <summary>Called after a datagram was read.</summary>
        public Action<UdpSocket>? When { get; set; }

        public Action? WhenError { get; set; }

        public void OnDatagram(UdpSocket socket, ReadOnlySpan<byte> datagram, in UdpSource source)
        {
            Before?.Invoke();
            Datagrams.Add((socket, Encoding.ASCII.GetString(datagram), source.Address.ToEndPoint()!));
            When?.Invoke(socket);
        }

        public void OnError(UdpSocket socket, SocketError error)
        {
            Errors.Add((socket, error));
            WhenError?.Invoke();
        }

        public void Clear()
        {
            Datagrams.Clear();
            Errors.Clear();
            When = null;
        }
    }

    private sealed class Counter : IUdpHandler
    {
        public int Count { get; private set; }

        public void OnDatagram(UdpSocket socket, ReadOnlySpan<byte> datagram, in UdpSource source) => Count++;

        public void OnError(UdpSocket socket, SocketError error) => Assert.Fail($"{error}");
    }
}
