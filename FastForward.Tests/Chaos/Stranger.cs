using System.Net;
using System.Net.Sockets;
using FastForward.Tests.Session;
using FastForward.Tests.Transports;
using FastForward.Transport.Session.Wire;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Tests.Chaos;

/// <summary>
/// A process that belongs to no node: claims of configured nodes and fuzzed frames over UDP, and connections to the
/// sockets with garbage, fuzzed frames, claims of an unknown node and gifts of descriptors.
/// </summary>
internal sealed class Stranger : IDisposable
{
    private const int DatagramsPerBeat = 16;
    private const int MostConnections = 16;
    private const uint UnknownNode = 99;
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(4);

    private readonly ChaosArguments _arguments;
    private readonly Random _random;
    private readonly List<Socket> _sources = [];
    private readonly Queue<RawSeqPacket> _connections = [];
    private readonly byte[][] _golden = [.. GoldenFrames.Version1.Values];
    private readonly byte[] _frame = new byte[4096];
    private long _claims;
    private long _fuzzed;
    private long _connects;
    private long _gifts;

    public Stranger(ChaosArguments arguments)
    {
        _arguments = arguments;
        _random = new Random(arguments.Seed);
        for (int i = 0; i < 8; i++)
            _sources.Add(new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
    }

    public string Report() =>
        $"{Interlocked.Read(ref _claims)} claims and {Interlocked.Read(ref _fuzzed)} fuzzed datagrams over UDP, "
        + $"{Interlocked.Read(ref _connects)} connections, {Interlocked.Read(ref _gifts)} gifts of descriptors";

    /// <summary>Goes on until the process ends: some 2500 claims a second.</summary>
    public void Run()
    {
        using PeriodicTimer beat = new(s_pace);
        while (beat.WaitForNextTickAsync().AsTask().Result)
        {
            for (int i = 0; i < DatagramsPerBeat; i++)
                SendDatagram();
            Visit();
        }
    }

    public void Dispose()
    {
        foreach (Socket source in _sources)
            source.Dispose();
        foreach (RawSeqPacket connection in _connections)
            connection.Dispose();
    }

    private uint AnyNode() => ChaosTopology.Nodes[_random.Next(ChaosTopology.Nodes.Count)];

    private void SendDatagram()
    {
        uint target = AnyNode();
        int length;
        if (_random.Next(3) == 0)
        {
            length = Fuzz();
            Interlocked.Increment(ref _fuzzed);
        }
        else
        {
            length = Claim(ChaosTopology.PeersOf(target).ElementAt(_random.Next(2)), target);
            Interlocked.Increment(ref _claims);
        }

        try
        {
            Socket source = _sources[_random.Next(_sources.Count)];
            source.SendTo(
                _frame.AsSpan(0, length),
                SocketFlags.None,
                new IPEndPoint(IPAddress.Loopback, _arguments.PortOf(target))
            );
        }
        catch (SocketException)
        {
            // The node is down; the kernel told the socket so.
        }
    }

    private void Visit()
    {
        while (_connections.Count >= MostConnections)
            _connections.Dequeue().Dispose();
        RawSeqPacket connection = new();
        uint target = AnyNode();
        if (connection.Connect(ChaosTopology.SocketPath(_arguments.Sockets, target)) != 0)
        {
            connection.Dispose();
            return;
        }

        Interlocked.Increment(ref _connects);
        _connections.Enqueue(connection);
        switch (_random.Next(5))
        {
            case 0:
                connection.Send(_frame.AsSpan(0, Noise()));
                break;
            case 1:
                GiveDescriptors(connection);
                break;
            case 2:
                Open(connection);
                connection.Send(_frame.AsSpan(0, Claim(UnknownNode, target)));
                break;
            case 3:
                Open(connection);
                for (int i = 0; i < 20 && connection.Send(_frame.AsSpan(0, FuzzUnlessClaim(target))); i++)
                    Interlocked.Increment(ref _fuzzed);
                break;
            default:
                break; // connects, and is silent
        }
    }

    private void Open(RawSeqPacket connection)
    {
        new OpeningPacket(OpeningPacket.CurrentVersion, OpeningStatus.Welcome, 0, 16_384, 0).Write(_frame);
        connection.Send(_frame.AsSpan(0, OpeningPacket.Length));
    }

    private void GiveDescriptors(RawSeqPacket connection)
    {
        Open(connection);
        if (connection.SendDescriptors(_frame.AsSpan(0, Noise()), count: 8))
            Interlocked.Add(ref _gifts, 8);
    }

    private int Claim(uint from, uint to)
    {
        new Handshake
        {
            Type = FrameType.Init,
            ReceiverIndex = 0,
            SenderIndex = (uint)_random.Next(1, int.MaxValue),
            From = from,
            To = to,
            Incarnation = (ulong)_random.NextInt64(1, long.MaxValue),
            Epoch = (uint)_random.Next(1, 100),
        }.Write(_frame);
        return WireFormat.Handshake;
    }

    // Over a socket the user of the process counts, which is that of the nodes: a claim of theirs would be right.
    private int FuzzUnlessClaim(uint target)
    {
        int length = Fuzz();
        return _frame[1] == (byte)FrameType.Init ? Claim(UnknownNode, target) : length;
    }

    private int Noise()
    {
        int length = _random.Next(1, 300);
        _random.NextBytes(_frame.AsSpan(0, length));
        return length;
    }

    private int Fuzz()
    {
        if (_random.Next(4) == 0)
            return Noise();
        byte[] golden = _golden[_random.Next(_golden.Length)];
        golden.CopyTo(_frame, 0);
        for (int changes = _random.Next(4); changes > 0; changes--)
            _frame[_random.Next(golden.Length)] = (byte)_random.Next(256);
        return golden.Length;
    }
}
