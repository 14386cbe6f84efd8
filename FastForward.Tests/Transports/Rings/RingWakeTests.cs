using System.Net.Sockets;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Tests.Transports.Rings;

/// <summary>Two threads that sleep whenever they can, delayed at random: each message wakes the other one.</summary>
public sealed class RingWakeTests
{
    private const int RoundTrips = 3_000;
    private const int LongFrame = 16 * 1024;

    [Test]
    public void No_wake_up_is_lost_between_two_loops_that_sleep_at_once()
    {
        (Player first, Player second) = Play(streams: false);
        Assert.That(first.SharesMemory && second.SharesMemory, Is.True);
        TestContext.Out.WriteLine($"{first.Bells + second.Bells} bells for {2 * RoundTrips} messages");
        Assert.That(first.Bells, Is.Positive);
    }

    [Test]
    public void A_writer_that_sleeps_until_there_is_room_is_woken()
    {
        (Player writer, Player reader) = Play(streams: true);
        Assert.That(writer.Refusals, Is.Positive, "the ring was full");
        TestContext.Out.WriteLine($"{writer.Refusals} times full, {reader.Bells} bells for room");
    }

    // Runs both sides until all messages have arrived.
    private static (Player First, Player Second) Play(bool streams)
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        using TemporaryDirectory directory = new();
        using CancellationTokenSource stop = new();
        using ManualResetEventSlim done = new();
        Player first = new(directory.Path, 1, seed, done) { Streams = streams };
        Player second = new(directory.Path, 2, seed + 1, done) { Reads = streams };
        Thread[] threads = [new(() => first.Run(second.Place, stop.Token)), new(() => second.Run(null, stop.Token))];
        foreach (Thread thread in threads)
            thread.Start();
        bool isDone = done.Wait(LoopDriver.Limit);
        stop.Cancel();
        foreach (Thread thread in threads)
            Assert.That(thread.Join(LoopDriver.Limit), Is.True, "the loop ends");
        Assert.That(isDone, Is.True, $"{first.Frames} and {second.Frames} of {RoundTrips}");
        return (first, second);
    }

    private sealed class Player(string directory, int port, int seed, ManualResetEventSlim done) : ILinkSink
    {
        private SocketTransport? _transport;
        private readonly Random _random = new(seed);

        public UnixDomainSocketEndPoint Place { get; } = new($"{directory}/FastForward.{port}.sock");

        /// <summary>Sends as much as there is room for, whenever there is.</summary>
        public bool Streams { get; init; }

        /// <summary>Answers nothing.</summary>
        public bool Reads { get; init; }

        public int Refusals { get; private set; }

        public int Frames { get; private set; }

        public bool SharesMemory { get; private set; }

        public long Bells { get; private set; }

        public void Run(UnixDomainSocketEndPoint? place, CancellationToken cancellationToken)
        {
            using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block, FailFast = true });
            using SocketTransport transport = new(new SocketTransportOptions { Directory = directory, Port = port });
            _transport = transport;
            transport.Start(loop, this);
            loop.Add(transport);
            if (place is not null)
            {
                SpinWait.SpinUntil(() => File.Exists(place.ToString()), LoopDriver.Limit);
                transport.Connect(place);
            }

            loop.Run(cancellationToken);
            loop.Remove(transport);
            Bells = transport.Statistics.Bells;
        }

        public void Opened(IForwardLink link)
        {
            SharesMemory = link.Traits.SharedMemory;
            if (Streams)
                Fill(link);
            else if (!link.IsInbound)
                Send(link);
        }

        public void Frame(IForwardLink link, Span<byte> frame)
        {
            if (++Frames == RoundTrips && (Reads || !link.IsInbound))
                done.Set();
            else if (Reads)
                Thread.SpinWait(_random.Next(200));
            else
                Send(link);
        }

        public void BatchEnd(IForwardTransport transport) { }

        public void Writable(IForwardLink link) => Fill(link);

        public void Closed(IForwardLink link, LinkClosure closure) { }

        public void Moved(IForwardLink link, in StrangerSource source, Span<byte> frame) { }

        public void Stranger(IForwardTransport transport, in StrangerSource source, Span<byte> frame) { }

        private void Fill(IForwardLink link)
        {
            while (link.TryClaim(LongFrame, out _) == ClaimResult.Claimed)
                link.Commit(LongFrame, realTime: false);
            Refusals++;
            Thread.SpinWait(_random.Next(200));
            ((IForwardTransport?)_transport)?.Flush();
        }

        // The delays move the moment of sending across those in which the other side falls asleep.
        private void Send(IForwardLink link)
        {
            Thread.SpinWait(_random.Next(200));
            if (link.TryClaim(64, out _) == ClaimResult.Claimed)
                link.Commit(64, realTime: false);
            Thread.SpinWait(_random.Next(20));
            ((IForwardTransport?)_transport)?.Flush();
        }
    }
}
