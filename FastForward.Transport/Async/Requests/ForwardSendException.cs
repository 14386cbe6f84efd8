namespace FastForward.Transport;

/// <summary>The node did not accept the message: nothing was sent, and trying again cannot repeat anything.</summary>
public sealed class ForwardSendException : ForwardException
{
    internal ForwardSendException(uint node, SendStatus status)
        : base(node, $"Nothing was sent to node {node}: {Explain(status)}.") => Status = status;

    /// <summary>Why.</summary>
    public SendStatus Status { get; }

    private static string Explain(SendStatus status) =>
        status switch
        {
            SendStatus.BackPressured => "too much is under way to it already",
            SendStatus.NotConnected => "there is no path to it now",
            SendStatus.UnknownNode => "no route leads to it",
            SendStatus.TooLarge => "the message is larger than 64 KiB",
            SendStatus.TooManyStreams => "it has as many streams as ForwardNodeOptions.MaxStreams allows",
            SendStatus.Stopping => "this node is stopping",
            _ => status.ToString(),
        };
}
