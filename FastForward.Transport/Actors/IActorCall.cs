namespace FastForward.Transport.Actors;

/// <summary>
/// A kind of call to an actor. A type and not a lambda, since arguments may be ref structs and calls must not allocate.
/// </summary>
/// <typeparam name="TArgument">What the call passes to the actor.</typeparam>
internal interface IActorCall<TArgument>
    where TArgument : allows ref struct
{
    /// <summary>The name of the method, for the log.</summary>
    static abstract string Name { get; }

    /// <summary>Calls the actor.</summary>
    /// <returns>The amount of work done; 0 where the call returns none.</returns>
    static abstract int Run(IActor actor, in TArgument argument);
}

internal readonly struct MessageCall : IActorCall<ReceivedMessage>
{
    public static string Name => nameof(IActor.OnMessage);

    public static int Run(IActor actor, in ReceivedMessage argument)
    {
        actor.OnMessage(argument);
        return 0;
    }
}

internal readonly struct StreamEndCall : IActorCall<StreamEnd>
{
    public static string Name => nameof(IActor.OnStreamEnd);

    public static int Run(IActor actor, in StreamEnd argument)
    {
        actor.OnStreamEnd(argument);
        return 0;
    }
}

internal readonly struct PeerCall : IActorCall<PeerEvent>
{
    public static string Name => nameof(IActor.OnPeer);

    public static int Run(IActor actor, in PeerEvent argument)
    {
        actor.OnPeer(argument);
        return 0;
    }
}

internal readonly struct WritableCall : IActorCall<(uint Node, ulong Stream)>
{
    public static string Name => nameof(IActor.OnWritable);

    public static int Run(IActor actor, in (uint Node, ulong Stream) argument)
    {
        actor.OnWritable(argument.Node, argument.Stream);
        return 0;
    }
}

internal readonly struct UndeliveredCall : IActorCall<Undelivered>
{
    public static string Name => nameof(IActor.OnUndelivered);

    public static int Run(IActor actor, in Undelivered argument)
    {
        actor.OnUndelivered(argument);
        return 0;
    }
}

internal readonly struct WorkCall : IActorCall<int>
{
    public static string Name => nameof(IActor.DoWork);

    public static int Run(IActor actor, in int argument) => actor.DoWork();
}
