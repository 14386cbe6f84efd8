using System.Globalization;

namespace FastForward.Host.Demo;

/// <summary>The hidden command that the demo starts its node processes with.</summary>
internal static class DemoNodeArguments
{
    public const string Command = "demo-node";
    public const string Instance = "--instance";
    public const string Peer = "--peer";
    public const string Relay = "--relay";
    public const string Seconds = "--seconds";
    public const string Talkers = "--talkers";

    /// <summary>The command line of a node process.</summary>
    public static IEnumerable<string> Of(string instance, uint peer, int seconds, int talkers, int? relay)
    {
        yield return Command;
        yield return Instance;
        yield return instance;
        yield return Peer;
        yield return peer.ToString(CultureInfo.InvariantCulture);
        yield return Seconds;
        yield return seconds.ToString(CultureInfo.InvariantCulture);
        yield return Talkers;
        yield return talkers.ToString(CultureInfo.InvariantCulture);
        if (relay is not { } port)
            yield break;
        yield return Relay;
        yield return port.ToString(CultureInfo.InvariantCulture);
    }
}
