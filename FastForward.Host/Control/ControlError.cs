namespace FastForward.Host.Control;

/// <summary>Why a request failed.</summary>
/// <param name="Code">For programs: one of the constants here.</param>
/// <param name="Message">For operators.</param>
internal sealed record ControlError(string Code, string Message)
{
    public const string BadRequest = "badRequest";
    public const string NotPermitted = "notPermitted";
    public const string Busy = "busy";
    public const string Stalled = "stalled";
    public const string UnknownNode = "unknownNode";
    public const string Stopping = "stopping";
    public const string Starting = "starting";

    /// <summary>The node's loop does not respond.</summary>
    public static ControlError LoopStalled =>
        new(
            Stalled,
            $"the node's loop did not answer for {ControlConnection.Timeout.TotalSeconds} s: a callback hangs"
        );

    /// <summary>All places for series of probes are taken.</summary>
    public static ControlError BusyPinging =>
        new(Busy, $"{ControlSocket.MaxPings} clients have series of probes already");

    /// <summary>All places are taken.</summary>
    public static ControlError BusyWith(int clients) => new(Busy, $"{clients} clients are being served already");

    /// <summary>The node has not started.</summary>
    public static ControlError NotStarted(uint node) =>
        new(Starting, $"node {node} is starting: ask again in a moment");
}
