using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Datagrams;
using FastForward.Transport.Transports.Ip;

namespace FastForward.Tests.Transports;

/// <summary>Behaviour specific to UDP: floods from unknown sources, ICMP, addresses, DSCP.</summary>
public sealed class IpTransportTests
{
    private LoopDriver _driver = null!;
    private Random _random = null!;

    [SetUp]
    public void Prepare()
    {
        _driver = new LoopDriver();
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        _random = new Random(seed);
    }

    [TearDown]
    public void CleanUp() => _driver.Dispose();

    [Test]
    public void One_port_serves_both_families()
    {
        using IpTransport transport = Start(new IpTransportOptions(), out RecordingSink sink);
        if (transport.LocalEndPoints.Count == 1)
            TestEnvironment.Missing("IPv6 is not available");
        IPEndPoint[] places = [.. transport.LocalEndPoints.Cast<IPEndPoint>()];
        Assert.That(places.Select(place => place.Port).Distinct().Count(), Is.EqualTo(1));
        foreach (IPAddress address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using Socket client = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            byte[] datagram = new byte[20];
            _random.NextBytes(datagram);
            SendUntil(
                client,
                datagram,
                new IPEndPoint(address, places[0].Port),
                () => sink.Strangers.Exists(frame => frame.AsSpan().SequenceEqual(datagram))
            );
        }
    }

    [Test]
    public void Each_address_has_a_socket_and_a_link_leaves_from_the_one_that_it_names()
    {
        IPAddress[] addresses = [IPAddress.Loopback, IPAddress.Parse("127.0.0.2"), IPAddress.Parse("127.0.0.5")];
        using IpTransport transport = Start(new IpTransportOptions { Addresses = addresses }, out RecordingSink sink);
        IPEndPoint[] places = [.. transport.LocalEndPoints.Cast<IPEndPoint>()];
        Assert.That(places.Select(static place => place.Address), Is.EqualTo(addresses));
        Assert.That(places.Select(static place => place.Port).Distinct().Count(), Is.EqualTo(1));
        using Socket receiver = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        receiver.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.4"), 0));
        foreach (IPEndPoint? local in (IPEndPoint?[])[.. places, null])
        {
            IForwardLink link = transport.Connect(receiver.LocalEndPoint!, local);
            _driver.Until(() => sink.OpenedLinks.Contains(link), "Opened");
            Assert.That(link.TryClaim(16, out _), Is.EqualTo(ClaimResult.Claimed));
            link.Commit(16, realTime: false);
            ((IForwardTransport)transport).Flush();
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            receiver.ReceiveTimeout = 30_000;
            receiver.ReceiveFrom(new byte[64], ref from);
            Assert.That(from, Is.EqualTo(local ?? places[2]), "without a name the one with the longest common prefix");
            Assert.That(link.LocalEndPoint, Is.EqualTo(from));
        }

        IForwardLink foreign = transport.Connect(receiver.LocalEndPoint!, new IPEndPoint(IPAddress.Loopback, 1));
        _driver.Until(() => sink.HasClosed(foreign), "a link from elsewhere to be refused");
    }

    [Test]
    public void A_stranger_is_answered_from_the_address_that_it_has_sent_to()
    {
        IPAddress[] addresses = [IPAddress.Loopback, IPAddress.Parse("127.0.0.2"), IPAddress.Parse("127.0.0.3")];
        using IpTransport transport = Start(new IpTransportOptions { Addresses = addresses }, out RecordingSink sink);
        sink.OnStranger = (IForwardTransport origin, in StrangerSource source, Span<byte> frame) =>
            origin.TryAnswer(source, frame);
        foreach (EndPoint place in transport.LocalEndPoints)
        {
            using Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            client.SendTo(new byte[20], place);
            _driver.Until(() => client.Available > 0, $"an answer from {place}");
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            client.ReceiveFrom(new byte[64], ref from);
            Assert.That(from, Is.EqualTo(place));
        }
    }

    [Test]
    public void A_million_random_datagrams_are_counted_and_survived()
    {
        const int Count = 1_000_000;
        using IpTransport transport = Start(Loopback(), out RecordingSink sink);
        using IpTransport friend = Start(Loopback(), out RecordingSink friendSink);
        IForwardLink link = friend.Connect(transport.LocalEndPoints[0]);
        _driver.Until(() => friendSink.OpenedLinks.Count == 1, "Opened");
        sink.Records = false;

        using Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        client.Connect(transport.LocalEndPoints[0]);
        byte[] noise = new byte[4096];
        _random.NextBytes(noise);
        int sent = 0;
        long shortOnes = 0,
            longOnes = 0;
        for (int i = 0; i < Count; i++)
        {
            int length = _random.Next(100) switch
            {
                < 10 => _random.Next(0, 8),
                < 20 => _random.Next(1201, 3000),
                _ => _random.Next(8, 200),
            };
            int offset = _random.Next(noise.Length - length);
            client.Send(noise, offset, length, SocketFlags.None);
            sent++;
            if (length < 8)
                shortOnes++;
            else if (length > 1200)
                longOnes++;
            if (i % 32 == 31)
                _driver.Cycle(); // 32 datagrams fit into any socket buffer, including the default
        }

        _driver.UntilQuiet();
        IpTransportStatistics counted = transport.Statistics;
        TestContext.Out.WriteLine(
            $"sent {sent}: strangers {counted.Datagrams.StrangerFrames}, short {counted.Datagrams.DroppedShort}, "
                + $"long {counted.Datagrams.DroppedLong}, to links {counted.FramesReceived}"
        );
        Assert.That(counted.FramesReceived, Is.Zero, "no index was guessed, and the source would not fit");
        Assert.That(
            counted.Datagrams.StrangerFrames + counted.Datagrams.DroppedShort + counted.Datagrams.DroppedLong,
            Is.EqualTo(sent),
            "each was counted: the socket buffer holds far more than was sent between two cycles"
        );
        Assert.That(counted.Datagrams.DroppedShort, Is.EqualTo(shortOnes));
        Assert.That(counted.Datagrams.DroppedLong, Is.EqualTo(longOnes));

        sink.Records = true;
        byte[] greeting = new byte[16];
        _driver.Until(
            () =>
            {
                if (link.TryClaim(16, out Span<byte> span) == ClaimResult.Claimed)
                {
                    greeting.CopyTo(span);
                    link.Commit(16, false);
                }

                return sink.Strangers.Count > 0;
            },
            "an ordinary frame afterwards"
        );
        Assert.That(sink.ClosedLinks, Is.Empty);
    }

    [Test]
    public void What_the_kernel_drops_at_a_full_buffer_is_counted_and_logged()
    {
        const int Count = 20_000; // more than any buffer of the socket holds
        CollectingLogger<IpTransport> logger = new();
        using IpTransport transport = new(Loopback(), logger);
        RecordingSink sink = new() { Records = false };
        transport.Start(_driver.Loop, sink);
        _driver.Attach(transport);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        byte[] datagram = new byte[1000];
        for (int i = 0; i < Count; i++)
            client.SendTo(datagram, transport.LocalEndPoints[0]);

        _driver.Until(
            () => transport.Statistics.Datagrams is var seen && seen.StrangerFrames + seen.ReceiveOverflows == Count,
            "every datagram delivered or counted as dropped"
        );
        Assert.That(
            transport.Statistics.DroppedFrames.Single(static entry => entry.Key == "buffer_full").Value,
            Is.Positive
        );
        Assert.That(logger.TextsOf(1203).Single(), Does.Contain("The kernel dropped"));
    }

    [Test]
    public void A_refusal_from_one_address_does_not_affect_another()
    {
        using IpTransport transport = Start(Loopback(), out RecordingSink sink);
        using Socket good = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        good.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint unusedEndPoint;
        using (UdpClient probe = new(new IPEndPoint(IPAddress.Loopback, 0)))
            unusedEndPoint = (IPEndPoint)probe.Client.LocalEndPoint!;
        IForwardLink refused = transport.Connect(unusedEndPoint);
        IForwardLink link = transport.Connect(good.LocalEndPoint!);
        _driver.Until(() => sink.OpenedLinks.Count == 2, "Opened");

        byte[] buffer = new byte[100];
        for (int i = 0; i < 200; i++)
        {
            // The ICMP error arrives while the first frame is being sent, so the next send reports it.
            Send(refused, 50);
            transport.Flush();
            Send(link, 60);
            transport.Flush();
            Assert.That(
                good.Poll(TimeSpan.FromSeconds(30), SelectMode.SelectRead),
                Is.True,
                $"datagram {i} was lost to the refusal of another"
            );
            Assert.That(good.Receive(buffer), Is.EqualTo(60));
            if (i % 10 == 0)
                _driver.Cycle();
        }

        Assert.That(transport.Statistics.NetworkErrors, Is.GreaterThan(100), "the refusals were seen");
        Assert.That(transport.Statistics.SendRetries, Is.GreaterThan(0));
        Assert.That(sink.ClosedLinks, Is.Empty, "and closed nothing");

        // With only the error queue to wake it, the loop must not spin.
        Send(refused, 50);
        transport.Flush();
        _driver.UntilQuiet();
        long errors = transport.Statistics.NetworkErrors;
        Assert.That(errors, Is.GreaterThan(200));
        long sleeps = _driver.Loop.Statistics.Sleeps;
        _driver.Loop.Sleep(20_000);
        Assert.That(_driver.Cycle(), Is.Zero);
        Assert.That(_driver.Loop.Statistics.Sleeps, Is.EqualTo(sleeps + 1));
    }

    [Test]
    public void Responses_and_adopted_links_use_the_local_address_that_was_reached()
    {
        using IpTransport transport = Start(
            new IpTransportOptions { Addresses = [IPAddress.Any] },
            out RecordingSink sink
        );
        int port = ((IPEndPoint)transport.LocalEndPoints[0]).Port;
        IForwardLink? adopted = null;
        sink.OnStranger = (IForwardTransport owner, in StrangerSource source, Span<byte> frame) =>
        {
            owner.TryAnswer(source, frame);
            adopted ??= owner.Adopt(source);
            Send(adopted, 33);
        };

        IPEndPoint reached = new(IPAddress.Parse("127.0.0.2"), port);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        client.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.3"), 0));
        HashSet<int> lengths = [];
        byte[] buffer = new byte[100];
        SendUntil(
            client,
            new byte[20],
            reached,
            () =>
            {
                EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                while (client.Poll(0, SelectMode.SelectRead))
                {
                    lengths.Add(client.ReceiveFrom(buffer, ref from));
                    Assert.That(from, Is.EqualTo(reached), "the source of the answer");
                }

                return lengths.Count == 2;
            }
        );
        Assert.That(lengths, Is.EquivalentTo(new[] { 20, 33 }));
        Assert.That(adopted!.RemoteEndPoint, Is.EqualTo(client.LocalEndPoint));
        Assert.That(adopted.Traits.HostLocal, Is.True);
    }

    [TestCase("127.0.0.1", true)]
    [TestCase("127.0.0.1", false)]
    [TestCase("::1", true)]
    [TestCase("::1", false)]
    public void Real_time_frames_carry_EF_with_MarkRealTime(string text, bool mark)
    {
        IPAddress address = IPAddress.Parse(text);
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6)
            TestEnvironment.Missing("IPv6 is not available");
        using IpTransport transport = Start(
            new IpTransportOptions { Addresses = [address], MarkRealTime = mark },
            out RecordingSink sink
        );
        using MarkReader reader = new(address);
        IForwardLink link = transport.Connect(reader.LocalEndPoint);
        _driver.Until(() => sink.OpenedLinks.Count == 1, "Opened");
        Send(link, 10, realTime: true);
        Send(link, 20, realTime: false);
        Send(link, 30, realTime: true);
        transport.Flush();
        byte expected = mark ? (byte)(46 << 2) : (byte)0;
        Assert.That(reader.Read(), Is.EqualTo((10, expected)));
        Assert.That(reader.Read(), Is.EqualTo((20, (byte)0)));
        Assert.That(reader.Read(), Is.EqualTo((30, expected)));
    }

    [Test]
    public void Send_slots_are_bounded_and_Writable_follows_when_one_is_free()
    {
        using IpTransport transport = Start(Loopback(), out RecordingSink sink);
        List<IForwardLink> links =
        [
            .. Enumerable
                .Range(0, DatagramSendBatch.Slots + 2)
                .Select(_ => transport.Connect(new IPEndPoint(IPAddress.Loopback, 9))),
        ];
        _driver.Until(() => sink.OpenedLinks.Count == links.Count, "Opened");
        for (int i = 0; i < DatagramSendBatch.Slots; i++)
            Assert.That(links[i].TryClaim(100, out _), Is.EqualTo(ClaimResult.Claimed));
        Assert.That(links[^1].TryClaim(100, out _), Is.EqualTo(ClaimResult.BackPressured));
        Assert.That(links[^1].TryClaim(100, out _), Is.EqualTo(ClaimResult.BackPressured));
        Assert.That(links[^2].TryClaim(100, out _), Is.EqualTo(ClaimResult.BackPressured));
        _driver.UntilQuiet();
        Assert.That(sink.WritableLinks, Is.Empty);
        links[7].Abort();
        Assert.That(transport.Arm(), Is.True, "a Writable event is due");
        transport.Disarm();
        _driver.Until(() => sink.WritableLinks.Count == 2, "Writable");
        Assert.That(sink.WritableLinks, Is.EquivalentTo(new[] { links[^1], links[^2] }));
        Assert.That(links[^1].TryClaim(100, out _), Is.EqualTo(ClaimResult.Claimed));
        Assert.That(transport.Statistics.BackPressure, Is.EqualTo(3));
    }

    [Test]
    public void Unusable_addresses_are_refused_or_counted()
    {
        using IpTransport transport = Start(Loopback(), out RecordingSink sink);
        Assert.That(() => transport.Connect(new IPEndPoint(IPAddress.Loopback, 0)), Throws.ArgumentException);
        Assert.That(() => transport.Connect(new IPEndPoint(IPAddress.Any, 5)), Throws.ArgumentException);
        Assert.That(() => transport.Connect(new DnsEndPoint("localhost", 5)), Throws.ArgumentException);

        IForwardLink other = transport.Connect(new IPEndPoint(IPAddress.IPv6Loopback, 5));
        _driver.Until(() => sink.HasClosed(other), "Closed");
        Assert.That(sink.ClosureOf(other).Reason, Is.EqualTo(LinkCloseReason.Failed));
        Assert.That(sink.ClosureOf(other).Detail, Does.Contain("IPv6"));

        // Unreachable for the kernel: only counted.
        IForwardLink broadcast = transport.Connect(new IPEndPoint(IPAddress.Broadcast, 5));
        _driver.Until(() => sink.OpenedLinks.Contains(broadcast), "Opened");
        Send(broadcast, 10);
        transport.Flush();
        Assert.That(transport.Statistics.Datagrams.SendFailures, Is.EqualTo(1));
        Assert.That(sink.HasClosed(broadcast), Is.False);
    }

    [Test]
    public void Mapped_addresses_are_IPv4_and_loopback_is_host_local()
    {
        using IpTransport transport = Start(Loopback(), out RecordingSink sink);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)client.LocalEndPoint!).Port;
        IForwardLink mapped = transport.Connect(new IPEndPoint(IPAddress.Loopback.MapToIPv6(), port));
        IForwardLink elsewhere = transport.Connect(new IPEndPoint(IPAddress.Parse("192.0.2.1"), port));
        _driver.Until(() => sink.OpenedLinks.Count == 2, "Opened");
        Assert.That(mapped.Traits.HostLocal, Is.True);
        Assert.That(elsewhere.Traits.HostLocal, Is.False);
        Send(mapped, 25);
        transport.Flush();
        Assert.That(client.Poll(TimeSpan.FromSeconds(30), SelectMode.SelectRead), Is.True);
    }

    [TestCase("127.0.0.1", "127.0.0.2", 1, true)]
    [TestCase("127.0.0.1", "127.0.0.1", 2, false, Description = "from a wire, with route_localnet")]
    [TestCase("10.1.1.1", "127.0.0.1", 1, false)]
    [TestCase("127.0.0.1", "10.1.1.1", 1, false)]
    [TestCase("::1", "::1", 1, true)]
    [TestCase("::1", "::1", 3, false)]
    [TestCase("fe80::1", "::1", 1, false)]
    [TestCase("::1", "2001:db8::1", 1, false)]
    public void Loopback_is_accepted_only_when_source_destination_and_device_agree(
        string source,
        string arrival,
        int device,
        bool expected
    )
    {
        byte[] address = new byte[IpAddresses.Capacity];
        int length = IpAddresses.Write(new IPEndPoint(IPAddress.Parse(source), 5), address);
        byte[] bytes = IPAddress.Parse(arrival).GetAddressBytes();
        byte[] index = BitConverter.GetBytes(device);
        byte[] packetInfo = bytes.Length == 4 ? [.. index, .. bytes, .. bytes] : [.. bytes, .. index];
        Assert.That(IpAddresses.StayedOnLoopback(address.AsSpan(0, length), packetInfo), Is.EqualTo(expected));
        Assert.That(
            IpAddresses.StayedOnLoopback(address.AsSpan(0, length), default),
            Is.False,
            "without word of the arrival"
        );
        Assert.That(
            IpAddresses.Read(address.AsSpan(0, length)),
            Is.EqualTo(new IPEndPoint(IPAddress.Parse(source), 5))
        );
    }

    [Test]
    public void A_port_in_use_is_reported_with_the_remedy()
    {
        using IpTransport first = Start(Loopback(), out _);
        int port = ((IPEndPoint)first.LocalEndPoints[0]).Port;
        using IpTransport second = new(new IpTransportOptions { Port = port, Addresses = [IPAddress.Loopback] });
        TransportException? exception = Assert.Throws<TransportException>(() =>
            second.Start(_driver.Loop, new RecordingSink())
        );
        Assert.That(
            exception!.Message,
            Does.Contain($"127.0.0.1:{port}").And.Contain("this process has the port").And.Contain("ss -ulpn")
        );
    }

    [Test]
    public void Options_are_checked_with_a_reason()
    {
        Assert.That(
            () => new IpTransport(new IpTransportOptions { Port = 70_000 }),
            Throws.InstanceOf<TransportException>().With.Message.Contains("Port")
        );
        Assert.That(
            () => new IpTransport(new IpTransportOptions { MaxFrameSize = 1_453 }),
            Throws.InstanceOf<TransportException>().With.Message.Contains("MaxFrameSize")
        );
        Assert.That(
            () => new IpTransport(new IpTransportOptions { Addresses = [] }),
            Throws.InstanceOf<TransportException>().With.Message.Contains("Addresses")
        );
        Assert.That(
            () => new IpTransport(new IpTransportOptions { Addresses = [IPAddress.Loopback, IPAddress.Any] }),
            Throws
                .InstanceOf<TransportException>()
                .With.Message.Contains("0.0.0.0, which stands for all IPv4 addresses")
        );
        using IpTransport foreign = new(new IpTransportOptions { Addresses = [IPAddress.Parse("192.0.2.1")] });
        Assert.That(
            () => foreign.Start(_driver.Loop, new RecordingSink()),
            Throws.InstanceOf<TransportException>().With.Message.Contains("ip address")
        );
    }

    private static IpTransportOptions Loopback() => new() { Addresses = [IPAddress.Loopback] };

    private static void Send(IForwardLink link, int length, bool realTime = false)
    {
        Assert.That(link.TryClaim(length, out Span<byte> span), Is.EqualTo(ClaimResult.Claimed));
        span.Clear();
        link.Commit(length, realTime);
    }

    private IpTransport Start(IpTransportOptions options, out RecordingSink sink)
    {
        IpTransport transport = new(options);
        sink = new RecordingSink();
        transport.Start(_driver.Loop, sink);
        _driver.Attach(transport);
        return transport;
    }

    private void SendUntil(Socket client, byte[] datagram, IPEndPoint place, Func<bool> condition) =>
        _driver.Until(
            () =>
            {
                if (condition())
                    return true;
                client.SendTo(datagram, place);
                return false;
            },
            $"an effect of a datagram to {place}"
        );
}
