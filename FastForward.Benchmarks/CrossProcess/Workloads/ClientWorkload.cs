using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>One phase of the client, which sends and measures.</summary>
internal abstract class ClientWorkload(IEndpoint endpoint, int size, Phase phase) : Workload(endpoint, size)
{
    /// <summary>How long to wait for echoes after the last message, in nanoseconds.</summary>
    private const long DrainLimit = 1_000_000_000;

    private const long RetryInterval = 10_000_000;
    private long _started;
    private long _limit;
    private long _nextRequest;

    /// <summary>Messages sent.</summary>
    public long Sent { get; protected set; }

    /// <summary>Messages that arrived: echoes received here, or messages counted by the server.</summary>
    public long Received { get; protected set; }

    /// <summary>From the first message to the last reply, in nanoseconds.</summary>
    public long Elapsed { get; private set; }

    /// <summary>Whether the phase has ended.</summary>
    public bool IsDone { get; private set; }

    protected Phase Phase { get; } = phase;

    protected long End { get; private set; }

    private bool IsRequestingCount => _nextRequest != 0;

    private bool IsDraining => _limit != 0;

    /// <summary>Starts the phase.</summary>
    public void Start(long nanos)
    {
        _started = Clock.Now;
        End = _started + nanos;
        OnStart(_started);
    }

    public sealed override void OnMessage(ReadOnlySpan<byte> message)
    {
        MessageHeader header = MessageHeader.Read(message);
        if (header.Phase != Phase || IsDone)
            return;
        if (header.Kind == MessageKind.End)
        {
            Received = header.Time;
            Finish();
        }
        else if (header.Kind == MessageKind.Echo)
        {
            OnEcho(header);
            if (IsDraining && Received == Sent)
                Finish();
        }
    }

    public sealed override void OnDue()
    {
        if (IsDone || Clock.Now < Due)
            return;
        if (IsDraining)
            Finish();
        else if (IsRequestingCount)
            RequestCount();
        else
            OnTurn();
    }

    public sealed override void OnWritable()
    {
        if (!IsDone && !IsDraining && !IsRequestingCount)
            OnRoom();
    }

    protected abstract void OnStart(long now);

    protected abstract void OnTurn();

    protected virtual void OnEcho(in MessageHeader header) { }

    protected virtual void OnRoom() { }

    /// <summary>Called after the last message: waits for outstanding echoes.</summary>
    protected void Drain()
    {
        if (Received == Sent)
            Finish();
        else
            Due = _limit = Clock.Now + DrainLimit;
    }

    /// <summary>
    /// Called after the last message: requests the number of messages that arrived. Repeated until the reply arrives,
    /// since datagrams may be lost.
    /// </summary>
    protected void RequestCount()
    {
        Due = _nextRequest = Clock.Now + RetryInterval;
        TrySend(1, new MessageHeader(0, MessageKind.End, Phase));
    }

    protected void Finish()
    {
        Elapsed = Clock.Now - _started;
        Due = long.MaxValue;
        IsDone = true;
    }
}
