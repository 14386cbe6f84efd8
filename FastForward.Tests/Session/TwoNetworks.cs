using FastForward.Tests.Simulation;
using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Two nodes with an address in each of two networks, and a path in each; the first is preferred.</summary>
internal sealed class TwoNetworks
{
    private const long Second = 1_000_000;
    private static readonly uint[] s_networks = [0, 1];

    public TwoNetworks(int seed, int firstDelay, int secondDelay, PathRedundancy redundancy)
    {
        Network = new SimulatedNetwork(seed);
        A = Network.StartAt(1, 1, options => options with { PathRedundancy = redundancy }, 2);
        B = Network.StartAt(2, 2, options => options with { PathRedundancy = redundancy }, 1);
        SetDelay(0, firstDelay);
        SetDelay(1, secondDelay);
        A.Open(2, Route(0), Route(1));
        Assert.That(Network.RunUntil(() => Sound(A, 2) == 2 && Sound(B, 1) == 2, 10 * Second), Is.True);
        Network.Run(Network.Now + (3 * Second));
        Assert.That(A.Peer(2).SendPath!.Way, Is.EqualTo(WayIn(0)));
    }

    public SimulatedNetwork Network { get; }

    public SimulatedNode A { get; }

    public SimulatedNode B { get; }

    /// <summary>Voice from node 1 to node 2.</summary>
    public void Talk(int streams, int period, long time)
    {
        for (int stream = 0; stream < streams; stream++)
        {
            ulong id = (ulong)stream + 1;
            for (long at = Network.Random.NextInt64(period); at < time; at += period)
                Network.At(Network.Now + at, () => A.SendNumbered(2, id, MessageClass.RealTime, 40));
        }
    }

    /// <summary>Reliable messages from node 1 to node 2.</summary>
    public void SendReliable(int count, int interval)
    {
        for (int i = 0; i < count; i++)
            Network.At(
                Network.Now + (i * interval),
                () => A.SendNumbered(2, 1_000, MessageClass.Reliable, 20 + Network.Random.Next(3_000))
            );
    }

    /// <summary>Nothing arrives over the path any more, in either direction.</summary>
    public void Cut(SessionPath path)
    {
        uint network = NetworkOf(path);
        CutForth(path);
        Direction(2, 1, network).CutUntil = long.MaxValue;
    }

    /// <summary>Nothing of node 1 arrives over the path any more.</summary>
    public void CutForth(SessionPath path) => Direction(1, 2, NetworkOf(path)).CutUntil = long.MaxValue;

    /// <summary>Cuts both networks, the second one a time after the first.</summary>
    public void CutAll(long apart)
    {
        foreach (uint network in s_networks)
            Network.At(
                Network.Now + (network * apart),
                () =>
                {
                    Direction(1, 2, network).CutUntil = long.MaxValue;
                    Direction(2, 1, network).CutUntil = long.MaxValue;
                }
            );
        Network.Run(Network.Now + apart);
    }

    public void Heal()
    {
        foreach (uint network in s_networks)
            Heal(network);
    }

    public void Heal(uint network)
    {
        Direction(1, 2, network).CutUntil = 0;
        Direction(2, 1, network).CutUntil = 0;
    }

    /// <summary>Longer datagrams of node 1 do not arrive over a network.</summary>
    public void Narrow(uint network, int longest) => Direction(1, 2, network).LongestDatagram = longest;

    /// <summary>The route of node 1 prefers a network.</summary>
    public void Prefer(uint network) => A.Prefer(2, Route(network), Route(1 - network));

    /// <summary>Runs for a time; the longest one without a delivery, in milliseconds' steps.</summary>
    public long LongestPause(long time)
    {
        const long Step = 1_000;
        long longest = 0;
        long last = Network.Now;
        int seen = B.Recorder.Messages.Count;
        long end = Network.Now + time;
        while (Network.Now < end)
        {
            Network.Run(Network.Now + Step);
            if (B.Recorder.Messages.Count == seen)
                continue;
            longest = Math.Max(longest, Network.Now - last);
            (last, seen) = (Network.Now, B.Recorder.Messages.Count);
        }

        return longest;
    }

    public Ledger Check(string world) => Ledger.Check(world, [A.Journal, B.Journal]);

    private static SimulatedRoute Route(uint network) => new(TransportKind.Ip, network);

    private static uint NetworkOf(SessionPath path) => ((SimulatedLink)path.Link).Route.Network;

    private static int Sound(SimulatedNode node, uint other) =>
        node.Peer(other).Paths.Count(static path => path.IsSound);

    private static PathWay WayIn(uint network) =>
        new(
            TransportKind.Ip,
            SimulatedLink.PlaceOf(SimulatedRoute.AddressOf(1, network)),
            SimulatedLink.PlaceOf(SimulatedRoute.AddressOf(2, network))
        );

    private Direction Direction(uint from, uint to, uint network) =>
        Network.Direction(
            SimulatedRoute.AddressOf(from, network),
            SimulatedRoute.AddressOf(to, network),
            TransportKind.Ip
        );

    private void SetDelay(uint network, int delay)
    {
        foreach ((uint from, uint to) in new[] { (1u, 2u), (2u, 1u) })
            Direction(from, to, network).Delay = delay;
    }
}
