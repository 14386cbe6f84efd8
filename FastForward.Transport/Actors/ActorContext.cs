using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Actors;

/// <summary>The services that an actor uses. Confined to the loop thread.</summary>
public sealed class ActorContext
{
    internal ActorContext(string name, ForwardNode node, ForwardLoop loop, ILogger logger)
    {
        Name = name;
        Node = node;
        Loop = loop;
        Logger = logger;
    }

    /// <summary>The actor's name.</summary>
    public string Name { get; }

    /// <summary>The node, for sending.</summary>
    public ForwardNode Node { get; }

    /// <summary>The loop, for timers, the actor's own sources and the clock.</summary>
    public ForwardLoop Loop { get; }

    /// <summary>The actor's log; its category ends with the actor's name.</summary>
    public ILogger Logger { get; }

    /// <summary>A stream id on <paramref name="service"/> that no stream of the node has used.</summary>
    internal ulong NewStream(ServiceId service) => Node.NewStreamId(service);
}
