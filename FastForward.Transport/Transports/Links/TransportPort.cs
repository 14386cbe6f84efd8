using FastForward.Transport.Loop;

namespace FastForward.Transport.Transports.Links;

/// <summary>
/// The sockets and links of a started transport, with the rules of polling and disposal that all media share.
/// </summary>
/// <remarks>
/// <para>A poll inside a callback does nothing: dispatch does not recurse.</para>
/// <para>Dispose decides the end of every link at once. Inside a callback, the last Closed events and the release of
/// memory and descriptors follow when the running poll ends, because frames of this poll may still be in use.</para>
/// <para>Not thread-safe: all members belong to the loop thread.</para>
/// </remarks>
internal abstract class TransportPort : IDisposable
{
    private bool _dispatching;
    private bool _released;

    protected TransportPort(IForwardTransport transport, ForwardLoop loop, ILinkSink sink)
    {
        Transport = transport;
        Loop = loop;
        Sink = sink;
        Statistics = transport.Statistics;
    }

    public IForwardTransport Transport { get; }

    public ForwardLoop Loop { get; }

    /// <summary>Events that wait for the next poll.</summary>
    public DeferredEvents Events { get; } = new();

    /// <summary>See <see cref="ILoopSource.Descriptor"/>.</summary>
    public abstract int Descriptor { get; }

    protected ILinkSink Sink { get; }

    protected TransportStatistics Statistics { get; }

    /// <summary>Dispose was called; memory and descriptors may still be in use by the running poll.</summary>
    protected bool IsStopped { get; private set; }

    /// <summary>See <see cref="ILoopSource.Poll"/>.</summary>
    public int Poll(int budget)
    {
        if (_released || _dispatching)
            return 0;
        _dispatching = true;
        try
        {
            long before = Statistics.FramesReceived;
            int work = Work(budget);
            if (Statistics.FramesReceived != before)
                Sink.BatchEnd(Transport);
            return work;
        }
        finally
        {
            _dispatching = false;
            if (IsStopped)
                Dispose();
        }
    }

    /// <summary>See <see cref="ILoopSource.Arm"/>.</summary>
    public virtual bool Arm() => Events.Any || HasHiddenWork;

    /// <summary>See <see cref="ILoopSource.Disarm"/>.</summary>
    public abstract void Disarm();

    /// <summary>See <see cref="IForwardTransport.StopAccepting"/>.</summary>
    public abstract void StopAccepting();

    public void Dispose()
    {
        if (_released)
            return;
        if (!IsStopped)
        {
            IsStopped = true;
            Stop();
        }

        if (_dispatching)
            return;
        _released = true;
        _dispatching = true;
        try
        {
            while (Events.Any)
                Events.Dispatch(Sink, int.MaxValue);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Throws when no link can be made any more, or when the caller is not the loop thread.</summary>
    protected void VerifyRunning()
    {
        ObjectDisposedException.ThrowIf(IsStopped, Transport);
        Loop.VerifyAccess();
    }

    /// <summary>There is work that <see cref="Descriptor"/> does not show.</summary>
    protected abstract bool HasHiddenWork { get; }

    /// <summary>Does the work at hand, up to <paramref name="budget"/> frames and events.</summary>
    protected abstract int Work(int budget);

    /// <summary>Closes every link and takes no new ones.</summary>
    protected abstract void Stop();

    /// <summary>Frees memory and descriptors. No member but Dispose is called afterwards by links.</summary>
    protected abstract void Release();
}
