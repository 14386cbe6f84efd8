namespace FastForward.Host.Demo;

/// <summary>The demo of one transport could not be brought to its end. The message is for a person.</summary>
internal sealed class DemoFailure : Exception
{
    public DemoFailure(string message)
        : base(message) { }

    /// <summary>A port was taken between its choice and its use: another one may do.</summary>
    public bool IsPortTaken { get; init; }
}
