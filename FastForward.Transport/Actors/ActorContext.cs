using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Actors;

/// <summary>What an actor works with. It belongs to the loop thread.</summary>
public sealed class ActorContext
{
    private readonly ActorSystem _system;

    internal ActorContext(ActorSystem system, string name, ForwardNode node, ForwardLoop loop, ILogger logger)
    {
        _system = system;
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

    /// <summary>
    /// A stream id on <paramref name="service"/> that no actor of this system got before. A node demands that an id is
    /// never used twice towards a peer while the process lives.
    /// </summary>
    /// <param name="service">The service at the receiver.</param>
    public ulong NewStream(ushort service) => ActorStream.Compose(service, _system.NextStreamNumber());
}
