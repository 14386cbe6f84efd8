using System.Globalization;
using FastForward.Tests.Session;
using FastForward.Transport;

namespace FastForward.Tests.Simulation;

/// <summary>
/// A fault before every single event of a conversation over two paths, and random pairs of faults. Nothing may be lost
/// without a report, repeated or reordered, and the nodes must come to rest.
/// </summary>
[TestFixture]
public sealed class EveryEventTests
{
    private const int Pairs = 400;

    private static readonly SimulatedRoute[] s_twoNetworks = [new(TransportKind.Ip), new(TransportKind.Ip, 1)];
    private static readonly SimulatedRoute[] s_socketAndNetwork = [new(TransportKind.Socket), new(TransportKind.Ip)];

    private static int Stride => Environment.GetEnvironmentVariable("FASTFORWARD_EVERY_EVENT") is null ? 3 : 1;

    [Test]
    public void A_fault_at_every_event_over_two_networks([Values] PathFault fault) =>
        RunAll(s_twoNetworks, fault, Stride);

    [Test]
    public void A_fault_at_every_event_over_a_socket_and_a_network([Values] PathFault fault) =>
        RunAll(s_socketAndNetwork, fault, Stride);

    [Test]
    public void Pairs_of_faults_at_any_two_events()
    {
        string? given = Environment.GetEnvironmentVariable("FASTFORWARD_SIMULATION_FIRST");
        int seed = given is null ? Environment.TickCount : int.Parse(given, CultureInfo.InvariantCulture);
        TestContext.Out.WriteLine($"seed {seed}");
        Random random = new(seed);
        PathFault[] faults = Enum.GetValues<PathFault>();
        foreach (SimulatedRoute[] routes in new[] { s_twoNetworks, s_socketAndNetwork })
        {
            int events = PathWorld.EventsOf(routes);
            for (int i = 0; i < Pairs; i++)
            {
                int first = random.Next(events);
                PathWorld.Run(
                    routes,
                    (first, faults[random.Next(faults.Length)]),
                    (random.Next(first, events), faults[random.Next(faults.Length)])
                );
            }
        }
    }

    // Acknowledgements on their way over the closed path are lost with it, while the peer believes it alive.
    [Test]
    public void A_closed_link_and_frames_that_become_too_long_leave_nothing_unacknowledged()
    {
        int events = PathWorld.EventsOf(s_twoNetworks);
        for (int first = events - 60; first < events - 20; first++)
        {
            for (int later = 0; later < 16; later += 3)
                PathWorld.Run(s_twoNetworks, (first, PathFault.CloseLink), (first + later, PathFault.ShrinkFrames));
        }
    }

    private static void RunAll(SimulatedRoute[] routes, PathFault fault, int stride)
    {
        int events = PathWorld.EventsOf(routes);
        int first = Random.Shared.Next(stride);
        for (int at = first; at < events; at += stride)
            PathWorld.Run(routes, (at, fault));
        TestContext.Out.WriteLine($"{events} events, from {first} on each {stride}");
    }
}
