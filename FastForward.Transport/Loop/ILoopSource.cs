namespace FastForward.Transport.Loop;

/// <summary>
/// Something the loop serves: a transport, an actor's own socket, the mailbox. All members are called on the loop
/// thread.
/// </summary>
/// <remarks>
/// <para>A source is polled once each duty cycle. Before the loop sleeps it asks each source to <see cref="Arm"/>; only
/// when all answer false does it wait, in one epoll_wait over all descriptors, level-triggered. After the sleep, or
/// when any source answered true, every source is <see cref="Disarm"/>ed.</para>
/// <para>A source with several descriptors keeps an epoll instance of its own and shows that one
/// (<c>epoll(7)</c>: an epoll descriptor is itself pollable).</para>
/// </remarks>
public interface ILoopSource
{
    /// <summary>
    /// A descriptor that becomes readable when <see cref="Poll"/> would find work, or -1 when there is none. Constant
    /// while the source is attached to a loop.
    /// </summary>
    int Descriptor { get; }

    /// <summary>Does the work at hand, without waiting.</summary>
    /// <param name="budget">
    /// The most items (frames, events) to handle before returning; what is left waits for the next cycle.
    /// </param>
    /// <returns>How much was done; 0 when there was nothing.</returns>
    int Poll(int budget);

    /// <summary>
    /// The loop wants to sleep. The source makes sure that its descriptor will wake the loop for whatever comes next,
    /// and answers true if work is pending already, also work that no descriptor shows: what a budget left over,
    /// datagrams already received, a shared ring, a completion queue. It dispatches nothing.
    /// </summary>
    bool Arm();

    /// <summary>The loop is awake again.</summary>
    void Disarm();
}
