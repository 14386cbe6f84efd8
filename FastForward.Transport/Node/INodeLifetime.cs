using FastForward.Transport.Loop;

namespace FastForward.Transport;

/// <summary>
/// A handler that uses its node from outside of callbacks, or has something to release: implement it beside
/// <see cref="IForwardHandler"/>. <see cref="ForwardHost"/> and a container call it; a program that drives node and
/// loop itself calls it where it starts and stops the node.
/// </summary>
/// <remarks>
/// <see cref="ForwardClient"/> and <see cref="Actors.ActorSystem"/> implement it. A handler that wraps one of them
/// implements it as well and passes both calls on.
/// </remarks>
public interface INodeLifetime
{
    /// <summary>
    /// Called once, on the loop thread, directly before the node starts. An exception fails the start; no other member
    /// is called then.
    /// </summary>
    /// <param name="node">The node, not started yet.</param>
    /// <param name="loop">The node's loop.</param>
    void OnStart(ForwardNode node, ForwardLoop loop);

    /// <summary>
    /// Called once after the node has stopped, also when its start failed after <see cref="OnStart"/>: on the loop
    /// thread, or on another thread when the loop has ended. No event follows.
    /// </summary>
    void OnStop();
}
