using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using FastForward.Host.Demo;
using FastForward.Host.Demo.Chaos;
using FastForward.Tests.Host.Processes;
using FastForward.Transport;

namespace FastForward.Tests.Host;

/// <summary>The demo that kills and heals paths.</summary>
[Category("Process")]
[Parallelizable]
public sealed class DemoChaosTests
{
    private static readonly ImpairedClass s_sound = new(10, 10, 0, 1, 2);

    [Test]
    public void Paths_die_and_return_and_no_reliable_message_is_lost_repeated_or_out_of_order()
    {
        using RunningProgram demo = RunningProgram.StartHost("demo", "--chaos", "--json", "--seconds", "10");
        int exitCode = demo.WaitForExit(TimeSpan.FromSeconds(120));
        Assert.That(exitCode, Is.Zero, demo.Everything);
        using JsonDocument document = JsonDocument.Parse(demo.Output);
        JsonElement root = document.RootElement;

        Assert.That(
            root.GetProperty("faults").EnumerateArray().Select(static row => row.GetProperty("kind").GetString()),
            Is.EqualTo(new[] { ChaosScript.Nothing, "SOCKET connection cut", "routes: UDP first", "UDP path silent" })
        );
        Assert.That(root.GetProperty("reliable").GetProperty("accepted").GetInt64(), Is.Positive);
        Assert.That(root.GetProperty("reliable").GetProperty("lost").GetInt64(), Is.Zero);
        foreach (string fault in new[] { "duplicated", "reordered", "damaged" })
            Assert.That(root.GetProperty(fault).GetInt64(), Is.Zero, fault);
        // The connection that is cut leaves UDP, and of two paths over UDP the silent one is left.
        Assert.That(demo.Everything, Does.Match(@"SOCKET connection cut: SOCKET.* > UDP.* > SOCKET.*delivery paused"));
        Assert.That(demo.Everything, Does.Match(@"UDP path silent: UDP 127\.0\.0\.1 > .*delivery paused"));
        long sentTwice = root.GetProperty("sentTwice").GetInt64();
        Assert.That(sentTwice, Is.Positive, "a silent path is doubtful first");
        Assert.That(root.GetProperty("sentTwiceBytes").GetInt64(), Is.EqualTo(sentTwice * DemoMessage.VoiceSize));
    }

    [TestCase(new[] { "--transport", "IP" }, "leave out --transport")]
    [TestCase(new[] { "--impair", "bad-wan" }, "leave out --impair")]
    [TestCase(new[] { "--seconds", "3" }, "in less than 4 s nothing happens")]
    public void What_makes_no_sense_with_it_is_refused(string[] arguments, string message)
    {
        using RunningProgram demo = RunningProgram.StartHost(["demo", "--chaos", .. arguments]);
        Assert.That(demo.WaitForExit(), Is.EqualTo(2), demo.Everything);
        Assert.That(demo.Everything, Does.Contain($"--chaos: ").And.Contain(message));
    }

    [Test]
    public void It_fails_when_a_reliable_message_is_lost_or_any_is_repeated_out_of_order_or_damaged()
    {
        ChaosDocument sound = Document();
        Assert.That(sound.IsSuccess);
        Assert.That((sound with { RealTime = s_sound with { Delivered = 8, Lost = 2 } }).IsSuccess);
        Assert.That((sound with { Reliable = s_sound with { Delivered = 9, Lost = 1 } }).IsSuccess, Is.False);
        Assert.That((sound with { Duplicated = 1 }).IsSuccess, Is.False);
        Assert.That((sound with { Reordered = 1 }).IsSuccess, Is.False);
        Assert.That((sound with { Damaged = 1 }).IsSuccess, Is.False);
        Assert.That((sound with { Faults = [sound.Faults[0]] }).IsSuccess, Is.False, "nothing was done");
    }

    [Test]
    public void The_table_has_a_row_for_each_kind_of_fault_and_what_redundancy_cost()
    {
        using StringWriter output = new();
        ChaosTable.Write(output, Document(), width: 100, colors: false);
        Assert.That(
            output.ToString(),
            Does.Match(@"UDP path silent +2 +10\.0 ms +30\.0 ms +30\.0 ms +3 +2")
                .And.Match(@"real-time +10 +10 +0 +4")
                .And.Match(@"reliable +10 +10 +0 +-")
                .And.Contain("Repeated 0, out of order 0, damaged 0")
                .And.Contain("over two paths at once: 5 real-time messages, 275 bytes more")
                .And.EndWith("ok\n")
        );
    }

    [Test]
    public void The_watch_takes_the_longest_time_without_a_message_also_one_that_goes_on()
    {
        DeliveryWatch watch = new();
        watch.Arrived(MessageClass.RealTime, Milliseconds(100));
        watch.Arrived(MessageClass.RealTime, Milliseconds(140));
        watch.Arrived(MessageClass.Reliable, Milliseconds(150));
        Assert.That(watch.Take(null, Milliseconds(150)).PauseMicros, Is.EqualTo(40_000));
        Assert.That(watch.Take(null, Milliseconds(240)).PauseMicros, Is.EqualTo(100_000));
        watch.Arrived(MessageClass.RealTime, Milliseconds(250));
        Assert.That(watch.Take(null, Milliseconds(251)).PauseMicros, Is.EqualTo(110_000));

        static TimeSpan Milliseconds(int count) => TimeSpan.FromMilliseconds(count);
    }

    [Test]
    public void The_relay_forwards_each_path_to_the_same_address_of_the_other_node_until_it_is_cut()
    {
        int[] ports = FreePorts.Find(4);
        using UdpRelay relay = new(ports[0], ports[1], ports[2], ports[3]);
        using Socket first = Open(UdpRelay.Addresses[1], ports[0]);
        using Socket second = Open(UdpRelay.Addresses[1], ports[1]);
        first.SendTo([1], new IPEndPoint(IPAddress.Loopback, ports[2]));
        Assert.That(Receive(second), Is.EqualTo((1, ports[3])));
        second.SendTo([2], new IPEndPoint(IPAddress.Loopback, ports[3]));
        Assert.That(Receive(first), Is.EqualTo((2, ports[2])));

        relay.Cut(0, true);
        first.SendTo([3], new IPEndPoint(IPAddress.Loopback, ports[2]));
        Assert.That(Receive(second), Is.EqualTo((3, ports[3])), "the other path was cut");

        // What is dropped is behind it: the one that was not cut comes through the same thread later.
        relay.Cut(1, true);
        first.SendTo([4], new IPEndPoint(IPAddress.Loopback, ports[2]));
        using Socket neighbor = Open(UdpRelay.Addresses[0], ports[0]);
        using Socket remote = Open(UdpRelay.Addresses[0], ports[1]);
        relay.Cut(0, false);
        neighbor.SendTo([5], new IPEndPoint(IPAddress.Loopback, ports[2]));
        Assert.That(Receive(remote), Is.EqualTo((5, ports[3])));
        relay.Cut(1, false);
        first.SendTo([6], new IPEndPoint(IPAddress.Loopback, ports[2]));
        Assert.That(Receive(second), Is.EqualTo((6, ports[3])), "4 was dropped");
    }

    private static Socket Open(IPAddress address, int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 };
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    }

    private static (int Content, int Port) Receive(Socket socket)
    {
        byte[] buffer = new byte[16];
        EndPoint source = new IPEndPoint(IPAddress.Any, 0);
        _ = socket.ReceiveFrom(buffer, ref source);
        return (buffer[0], ((IPEndPoint)source).Port);
    }

    private static ChaosDocument Document() =>
        new()
        {
            Faults =
            [
                ChaosPauses.Of(ChaosScript.Nothing, [Windows(1000)]),
                ChaosPauses.Of("UDP path silent", [Windows(30_000), Windows(10_000)]),
            ],
            RealTime = s_sound,
            RealTimeLate = 4,
            Reliable = s_sound,
            Refused = 0,
            Duplicated = 0,
            Reordered = 0,
            Damaged = 0,
            SentTwice = 5,
            SentTwiceBytes = 275,
            Rescued = 1,
        };

    private static DeliveryWindow[] Windows(double pause) =>
        [
            new DeliveryWindow(pause, ["SOCKET"], pause > 20_000 ? 3 : 0, 1, 5, 1),
            new DeliveryWindow(1, ["SOCKET"], 0, 0, 0, 0),
        ];
}
