using System.Net;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Datagrams;
using FastForward.Transport.Transports.Ip;

namespace FastForward.Tests.Transports;

/// <summary>
/// Runs of datagrams that the kernel segments on sending and coalesces on receiving, without a change of behaviour.
/// </summary>
public sealed unsafe class DatagramRunsTests
{
    private const int SO_NO_CHECK = 11;

    private readonly LoopDriver _driver = new();
    private Random _random = null!;

    [SetUp]
    public void Prepare()
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        _random = new Random(seed);
    }

    [OneTimeTearDown]
    public void CleanUp() => _driver.Dispose();

    [TestCase(true)]
    [TestCase(false)]
    public void Frames_of_all_lengths_to_several_destinations_arrive_whole_and_in_order(bool isJoined)
    {
        using Descriptor sender = Open(out _);
        Receiver[] receivers = [.. Enumerable.Range(0, 3).Select(_ => new Receiver(isJoined))];
        using DatagramSendBatch batch = new(1200, cutsRuns: true);
        int rounds = 0;
        for (; rounds < 300; rounds++)
        {
            int place = 0,
                length = 1200;
            for (int i = _random.Next(1, 200); i > 0; i--)
            {
                // Mostly the length of the previous frame: equal lengths form runs.
                if (_random.Next(20) == 0)
                    place = _random.Next(receivers.Length);
                if (_random.Next(12) == 0)
                    length = _random.Next(4) == 0 ? _random.Next(1, 1201) : 1200;
                byte[] frame = new byte[length];
                _random.NextBytes(frame);
                Stage(batch, receivers[place], frame);
            }

            Flush(batch, sender);
            foreach (Receiver receiver in receivers)
                receiver.TakeAll();
        }

        TestContext.Out.WriteLine(
            $"{receivers.Sum(static receiver => receiver.Taken)} frames, {batch.RunsSent} runs sent, "
                + $"{receivers.Sum(static receiver => receiver.Runs)} received"
        );
        Assert.That(batch.RunsSent, Is.GreaterThan(rounds));
        Assert.That(receivers.Sum(static receiver => receiver.Runs), isJoined ? Is.GreaterThan(rounds) : Is.Zero);
        foreach (Receiver receiver in receivers)
            receiver.Dispose();
    }

    [TestCase(1200, 200, 4)] // 54 of them fit into what UDP can carry
    [TestCase(100, 200, 4)] // 64 is the kernel's limit
    [TestCase(100, 64, 1)]
    [TestCase(100, 65, 1)]
    public void A_run_is_as_long_as_the_kernel_accepts(int length, int count, int runs)
    {
        using Descriptor sender = Open(out _);
        using Receiver receiver = new(isJoined: true);
        using DatagramSendBatch batch = new(1200, cutsRuns: true);
        for (int i = 0; i < count; i++)
            Stage(batch, receiver, new byte[length]);
        Flush(batch, sender);
        receiver.TakeAll();
        Assert.That((batch.RunsSent, receiver.Runs), Is.EqualTo((runs, runs)));
    }

    [Test]
    public void Without_kernel_support_frames_are_sent_individually()
    {
        using Descriptor sender = Open(out _);
        // The kernel does not segment without checksums.
        Assert.That(LibC.SetSocketOption(sender, LibC.SOL_SOCKET, SO_NO_CHECK, 1), Is.Zero);
        using Receiver receiver = new(isJoined: true);
        using DatagramSendBatch batch = new(1200, cutsRuns: true);
        for (int round = 0; round < 10; round++)
        {
            for (int i = 0; i < 100; i++)
                Stage(batch, receiver, [(byte)round, (byte)i, 3]);
            Flush(batch, sender);
            receiver.TakeAll();
        }

        Assert.That((receiver.Taken, batch.RunsSent), Is.EqualTo((1000, 0L)));
    }

    [Test]
    public void A_run_over_links_is_delivered_within_the_budget_and_the_rest_keeps_the_loop_awake()
    {
        const int Frames = 150;
        using IpTransport near = Start(out RecordingSink nearSink);
        using IpTransport far = Start(out RecordingSink farSink);
        _driver.Attach(near);
        IForwardLink link = near.Connect(far.LocalEndPoints[0]);
        _driver.Until(() => nearSink.OpenedLinks.Count == 1, "Opened");
        for (int i = 0; i < Frames; i++)
        {
            Assert.That(link.TryClaim(1000, out Span<byte> span), Is.EqualTo(ClaimResult.Claimed));
            span.Clear();
            BitConverter.TryWriteBytes(span[8..], i);
            link.Commit(1000, realTime: true);
        }

        near.Flush();
        Assert.That(near.RunsSent, Is.EqualTo(3));
        Eventually.True(() => far.Poll(7) > 0, () => "the first frames are there");
        Assert.That(farSink.Strangers, Has.Count.EqualTo(7));
        Assert.That(far.Arm(), Is.True, "the rest of the run is here, which no descriptor shows");
        Eventually.True(
            () => far.Poll(7) is >= 0 and <= 7 && farSink.Strangers.Count == Frames,
            () => $"{farSink.Strangers.Count} frames"
        );
        Assert.That(
            farSink.Strangers.Select(static frame => BitConverter.ToInt32(frame, 8)),
            Is.EqualTo(Enumerable.Range(0, Frames))
        );
        Assert.That(far.RunsReceived, Is.EqualTo(3));
        Assert.That(far.Arm(), Is.False);
        _driver.Detach(near);
    }

    [Test]
    public void Without_the_offload_each_datagram_is_sent_individually()
    {
        using IpTransport near = Start(out RecordingSink nearSink, offload: false);
        using IpTransport far = Start(out RecordingSink farSink, offload: false);
        _driver.Attach(near);
        _driver.Attach(far);
        IForwardLink link = near.Connect(far.LocalEndPoints[0]);
        _driver.Until(() => nearSink.OpenedLinks.Count == 1, "Opened");
        for (int i = 0; i < 100; i++)
        {
            Assert.That(link.TryClaim(1000, out _), Is.EqualTo(ClaimResult.Claimed));
            link.Commit(1000, realTime: true);
        }

        near.Flush();
        _driver.Until(() => farSink.Strangers.Count == 100, "all of them");
        Assert.That((near.RunsSent, far.RunsReceived), Is.EqualTo((0L, 0L)));
        _driver.Detach(near);
        _driver.Detach(far);
    }

    private static Descriptor Open(out byte[] address)
    {
        Descriptor socket = new(LibC.Socket(LibC.AF_INET, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0));
        address = new byte[IpAddresses.Capacity];
        uint length = (uint)IpAddresses.Write(new IPEndPoint(IPAddress.Loopback, 0), address);
        fixed (byte* start = address)
        {
            Assert.That(LibC.Bind(socket, start, length), Is.Zero);
            Assert.That(LibC.GetSocketName(socket, start, &length), Is.Zero);
        }

        address = address[..(int)length];
        return socket;
    }

    private static void Stage(DatagramSendBatch batch, Receiver to, byte[] frame)
    {
        int slot = batch.Claim();
        Assert.That(slot, Is.GreaterThanOrEqualTo(0));
        frame.CopyTo(batch.Frame(slot, frame.Length));
        batch.Stage(slot, frame.Length, to.Address, default);
        to.Expect(frame);
    }

    private static void Flush(DatagramSendBatch batch, Descriptor socket)
    {
        while (batch.Staged > 0)
        {
            int sent = batch.Send(socket);
            Assert.That(sent, Is.Positive, $"errno {LibC.LastError}");
            batch.Release(sent);
        }
    }

    private IpTransport Start(out RecordingSink sink, bool offload = true)
    {
        IpTransport transport = new(
            new IpTransportOptions { Addresses = [IPAddress.Loopback], SegmentationOffload = offload }
        );
        sink = new RecordingSink();
        transport.Start(_driver.Loop, sink);
        return transport;
    }

    private sealed class Receiver : IDisposable
    {
        private readonly Descriptor _socket;
        private readonly DatagramReceiveBatch _batch;
        private readonly Queue<byte[]> _expected = new();

        public Receiver(bool isJoined)
        {
            _socket = Open(out byte[] address);
            Address = address;
            LibC.SetSocketOption(_socket, LibC.SOL_SOCKET, LibC.SO_RCVBUF, 4 << 20);
            if (isJoined)
                Assert.That(LibC.SetSocketOption(_socket, LibC.SOL_UDP, LibC.UDP_GRO, 1), Is.Zero);
            _batch = new DatagramReceiveBatch(1200, isJoined);
        }

        public byte[] Address { get; }

        public int Taken { get; private set; }

        public long Runs => _batch.RunsReceived;

        public void Expect(byte[] frame) => _expected.Enqueue(frame);

        public void TakeAll()
        {
            while (_expected.Count > 0)
            {
                Eventually.True(
                    () => _batch.Receive(_socket, DatagramReceiveBatch.Capacity) > 0,
                    () => $"{_expected.Count} more frames"
                );
                while (_batch.TryTake(out DatagramReceiveBatch.Datagram datagram))
                {
                    Assert.That(datagram.IsTruncated, Is.False);
                    if (!datagram.Frame.SequenceEqual(_expected.Dequeue()))
                        Assert.Fail($"frame {Taken} of {datagram.Frame.Length} bytes is not the next one");
                    Taken++;
                }
            }
        }

        public void Dispose()
        {
            _batch.Dispose();
            _socket.Dispose();
        }
    }
}
