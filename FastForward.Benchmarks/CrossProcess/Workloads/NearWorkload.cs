using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>A phase of the side that sends and measures.</summary>
internal abstract class NearWorkload(IEndpoint endpoint, int size, Phase phase) : Workload(endpoint, size)
{
    /// <summary>How long answers may take after the last message.</summary>
    private const long Patience = 1_000_000_000;

    private const long AskAgain = 10_000_000;
    private long _started;
    private long _limit;
    private long _nextQuestion;

    /// <summary>Messages sent.</summary>
    public long Sent { get; protected set; }

    /// <summary>Messages that arrived: echoes here, or what the far side counted there.</summary>
    public long Received { get; protected set; }

    /// <summary>From the first message to the last answer, in nanoseconds.</summary>
    public long Elapsed { get; private set; }

    /// <summary>The phase is over.</summary>
    public bool IsDone { get; private set; }

    protected Phase Phase { get; } = phase;

    protected long End { get; private set; }

    private bool IsAsking => _nextQuestion != 0;

    private bool IsDraining => _limit != 0;

    /// <summary>Begins the phase.</summary>
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
        else if (IsAsking)
            Ask();
        else
            OnTurn();
    }

    public sealed override void OnWritable()
    {
        if (!IsDone && !IsDraining && !IsAsking)
            OnRoom();
    }

    protected abstract void OnStart(long now);

    protected abstract void OnTurn();

    protected virtual void OnEcho(in MessageHeader header) { }

    protected virtual void OnRoom() { }

    /// <summary>The last message is sent: waits for the echoes that are under way.</summary>
    protected void Drain()
    {
        if (Received == Sent)
            Finish();
        else
            Due = _limit = Clock.Now + Patience;
    }

    /// <summary>The last message is sent: asks the far side what came, again and again since a datagram may be lost.</summary>
    protected void Ask()
    {
        Due = _nextQuestion = Clock.Now + AskAgain;
        TrySend(1, new MessageHeader(0, MessageKind.End, Phase));
    }

    protected void Finish()
    {
        Elapsed = Clock.Now - _started;
        Due = long.MaxValue;
        IsDone = true;
    }
}
