using FastForward.Transport;
using FastForward.Transport.Actors;

namespace FastForward.Host.Actors;

/// <summary>
/// Stands for the actors of an instance without bridges and outlets, whose node is there to be reached and measured. It
/// serves nothing, so messages to the node are dropped and logged as those for a service without an actor.
/// </summary>
internal sealed class IdleActor : IActor
{
    /// <inheritdoc/>
    public string Name => "idle";

    /// <inheritdoc/>
    public void OnMessage(in ReceivedMessage message) { }
}
