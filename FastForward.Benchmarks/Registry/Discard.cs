using FastForward.Transport;

namespace FastForward.Benchmarks.Registry;

/// <summary>Takes messages and does nothing with them.</summary>
internal sealed class Discard : IForwardHandler
{
    public void OnMessage(in ReceivedMessage message) { }
}
