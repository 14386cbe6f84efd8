using FastForward.Transport;

namespace FastForward.Benchmarks.Suites;

/// <summary>Sends every message back.</summary>
internal sealed class EchoHandler : IForwardHandler
{
    public ForwardNode Node { get; set; } = null!;

    public void OnMessage(in ReceivedMessage message) =>
        Node.Send(message.Node, message.Stream, message.Class, message.Payload);
}
