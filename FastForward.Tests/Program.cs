using FastForward.Tests.Async;
using FastForward.Tests.Chaos;
using FastForward.Tests.Flood;
using FastForward.Tests.Fuzzing;
using FastForward.Tests.Neighbours;
using FastForward.Tests.Simulation.Variants;
using FastForward.Tests.Soak;
using FastForward.Tests.Transports;

namespace FastForward.Tests;

/// <summary>
/// Entry point of the test assembly as a separate process, for tests that need one: <c>peer ...</c> runs
/// <see cref="TransportPeer"/>, <c>abstract ...</c> <see cref="LockHolder"/>,
/// <c>client ...</c> <see cref="ClientPeer"/>, <c>flooded ...</c> <see cref="FloodedNode"/>,
/// <c>neighbour ...</c> <see cref="Neighbour"/>, <c>simulate ...</c> <see cref="SimulationRun"/>,
/// <c>fuzz ...</c> <see cref="FuzzRun"/>, <c>soak ...</c>
/// <see cref="SoakRun"/>. <c>tests ...</c> runs the tests
/// without the test platform (<see cref="TestRun"/>). Not used by the test host.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments) =>
        arguments switch
        {
            ["peer", .. string[] rest] => TransportPeer.Run(rest),
            ["abstract", .. string[] rest] => LockHolder.Run(rest),
            ["tests", var resultFile, var category, .. string[] names] => TestRun.Run(resultFile, category, names),
            ["simulate", .. string[] rest] => SimulationRun.Run(rest),
            ["fuzz", .. string[] rest] => FuzzRun.Run(rest),
            ["soak", .. string[] rest] => SoakRun.Run(rest),
            ["chaos", .. string[] rest] => ChaosChild.Run(rest),
            ["client", .. string[] rest] => ClientPeer.Run(rest),
            ["neighbour", .. string[] rest] => Neighbour.Run(rest),
            ["flooded", .. string[] rest] => FloodedNode.Run(rest),
            _ => Usage(),
        };

    private static int Usage()
    {
        Console.Error.WriteLine(
            "This assembly holds tests: run 'dotnet test'. "
                + "Commands for its own use: "
                + "peer, abstract, client, chaos, flooded, fuzz, neighbour, simulate, soak, tests."
        );
        return 2;
    }
}
