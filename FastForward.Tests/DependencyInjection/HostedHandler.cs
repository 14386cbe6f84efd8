using System.Collections.Concurrent;
using System.Text;
using FastForward.Transport;

namespace FastForward.Tests.DependencyInjection;

/// <summary>
/// Sends a greeting to every peer that connects and records messages. Depends on the node through its constructor.
/// </summary>
internal sealed class HostedHandler(ForwardNode node) : IForwardHandler
{
    private readonly ConcurrentQueue<string> _received = new();

    public string[] Received => [.. _received];

    public void OnMessage(in ReceivedMessage message)
    {
        string text = Encoding.UTF8.GetString(message.Payload);
        _received.Enqueue($"{message.Node}: {text}");
        if (text == "fail")
            throw new InvalidOperationException("the handler fails as configured");
    }

    public void OnPeer(in PeerEvent change)
    {
        if (change.Kind == PeerEventKind.Connected)
            node.Send(change.Node, 1, MessageClass.Reliable, "hello"u8);
    }
}
