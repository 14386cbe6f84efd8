using FastForward.Tests.Async;
using FastForward.Tests.Transports;

namespace FastForward.Tests;

/// <summary>
/// The test assembly as a process of its own, for tests that need a real second one: <c>peer ...</c> runs
/// <see cref="TransportPeer"/>, <c>client ...</c> <see cref="ClientPeer"/>. Where the test platform is not wanted,
/// <c>tests ...</c> is <see cref="TestRun"/>. The test host does not come here.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments) =>
        arguments switch
        {
            ["peer", .. string[] rest] => TransportPeer.Run(rest),
            ["tests", var resultFile, var category, .. string[] names] => TestRun.Run(resultFile, category, names),
            ["client", .. string[] rest] => ClientPeer.Run(rest),
            _ => Usage(),
        };

    private static int Usage()
    {
        Console.Error.WriteLine(
            "This assembly holds tests: run 'dotnet test'. Commands for its own use: peer, client, tests."
        );
        return 2;
    }
}
