using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Workloads;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Benchmarks.LossyVoice;

/// <summary>
/// Relays datagrams between two ports of the loopback address and loses, delays and duplicates them on the way. The
/// fates of the datagrams of a direction depend on the seed and their order alone, so they are the same for every
/// implementation. Runs on a thread of its own until it is disposed.
/// </summary>
internal sealed unsafe partial class LossyRelay : IDisposable
{
    private const int LargestDatagram = 2048;
    private const int SocketBuffer = 1 << 20;
    private const long LongestSleep = 20_000_000;
    private const short POLLIN = 1;

    private readonly Way _toServer;
    private readonly Way _toClient;
    private readonly PriorityQueue<Datagram, (long Due, long Order)> _waiting = new();
    private readonly Stack<byte[]> _free = new();
    private readonly Thread _thread;
    private readonly byte[] _incoming = new byte[LargestDatagram];
    private long _order;
    private long _from = long.MaxValue;
    private long _to = long.MaxValue;
    private volatile bool _isOver;

    public LossyRelay(ImpairmentOptions profile, ulong seed, int clientPort, int serverPort)
    {
        Socket atClient = Open(),
            atServer = Open();
        ClientSide = ((IPEndPoint)atClient.LocalEndPoint!).Port;
        ServerSide = ((IPEndPoint)atServer.LocalEndPoint!).Port;
        _toServer = new Way(atClient, atServer, AddressOf(serverPort), Fates(profile, seed, 1));
        _toClient = new Way(atServer, atClient, AddressOf(clientPort), Fates(profile, seed, 2));
        _thread = new Thread(Run) { IsBackground = true, Name = "relay" };
        _thread.Start();
    }

    /// <summary>The port that the client sends to.</summary>
    public int ClientSide { get; }

    /// <summary>The port that the server sends to.</summary>
    public int ServerSide { get; }

    /// <summary>What the client sent within the measured time.</summary>
    public Traffic Sent => _toServer.Traffic;

    /// <summary>What the server sent within the measured time.</summary>
    public Traffic Returned => _toClient.Traffic;

    /// <summary>The relay's own stalls; valid after <see cref="Dispose"/>.</summary>
    public Stalls Stalls { get; } = new();

    /// <summary>Counts the traffic from one time to another, on <see cref="Clock"/>.</summary>
    public void Measure(long from, long to)
    {
        Volatile.Write(ref _to, to);
        Volatile.Write(ref _from, from);
    }

    /// <summary>Stops; the figures remain.</summary>
    public void Dispose()
    {
        if (_isOver)
            return;
        _isOver = true;
        _thread.Join();
        _toServer.From.Dispose();
        _toClient.From.Dispose();
    }

    private void Run()
    {
        Scheduling.SetTimerSlack();
        PollDescriptor* descriptors = stackalloc PollDescriptor[2];
        descriptors[0] = new PollDescriptor((int)_toServer.From.Handle, POLLIN);
        descriptors[1] = new PollDescriptor((int)_toClient.From.Handle, POLLIN);
        long* time = stackalloc long[2];
        long last = Clock.Now;
        while (!_isOver)
        {
            long now = Clock.Now;
            Stalls.Add(now, now - last);
            last = now;
            Receive(_toServer);
            Receive(_toClient);
            SendDue();
            long sleep = LongestSleep;
            if (_waiting.TryPeek(out _, out (long Due, long Order) first))
                sleep = Math.Clamp(first.Due - Clock.Now, 0, LongestSleep);
            (time[0], time[1]) = (0, sleep);
            _ = Poll(descriptors, 2, time, null); // whatever ends it, the loop looks at everything
        }
    }

    private void Receive(Way way)
    {
        while (way.From.Poll(0, SelectMode.SelectRead))
        {
            int length;
            try
            {
                length = way.From.Receive(_incoming);
            }
            catch (SocketException)
            {
                return; // the receiver of an earlier datagram has not opened its port yet, or has closed it
            }

            long now = Clock.Now;
            if (now >= Volatile.Read(ref _from) && now < Volatile.Read(ref _to))
                way.Traffic = way.Traffic.With(length);
            FrameFate fate = way.Fates.Next();
            if (fate.IsLost)
                continue;
            Keep(way, length, now + (fate.DelayMicros * 1000));
            if (fate.CopyDelayMicros is { } copy)
                Keep(way, length, now + (copy * 1000));
        }
    }

    private void Keep(Way way, int length, long due)
    {
        byte[] memory = _free.TryPop(out byte[]? free) ? free : new byte[LargestDatagram];
        _incoming.AsSpan(0, length).CopyTo(memory);
        _waiting.Enqueue(new Datagram(way, memory, length), (due, _order++));
    }

    private void SendDue()
    {
        while (_waiting.TryPeek(out Datagram datagram, out (long Due, long Order) first) && first.Due <= Clock.Now)
        {
            _waiting.Dequeue();
            try
            {
                datagram.Way.To.SendTo(
                    datagram.Memory.AsSpan(0, datagram.Length),
                    SocketFlags.None,
                    datagram.Way.Address
                );
            }
            catch (SocketException)
            {
                // As above: a network loses what no one receives.
            }

            _free.Push(datagram.Memory);
        }
    }

    private static FrameFates Fates(ImpairmentOptions profile, ulong seed, ulong direction) =>
        new(profile, SplitMix64.SeedOf(seed, direction));

    private static Socket Open()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = SocketBuffer,
            SendBufferSize = SocketBuffer,
        };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static SocketAddress AddressOf(int port) => new IPEndPoint(IPAddress.Loopback, port).Serialize();

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static partial int Poll(PollDescriptor* descriptors, nuint count, long* time, void* signals);

    private sealed class Way(Socket from, Socket to, SocketAddress address, FrameFates fates)
    {
        public Socket From => from;

        public Socket To => to;

        public SocketAddress Address => address;

        public FrameFates Fates => fates;

        public Traffic Traffic { get; set; }
    }

    private readonly record struct Datagram(Way Way, byte[] Memory, int Length);
}
