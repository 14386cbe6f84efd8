namespace FastForward.Host.Demo;

/// <summary>The hidden command that the demo starts its node processes with.</summary>
internal static class DemoNodeArguments
{
    public const string Command = "demo-node";
    public const string Instance = "--instance";
    public const string Peer = "--peer";
    public const string Seconds = "--seconds";
    public const string Talkers = "--talkers";
}
