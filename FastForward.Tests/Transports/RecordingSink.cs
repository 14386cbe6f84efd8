using FastForward.Transport.Transports;

namespace FastForward.Tests.Transports;

/// <summary>Records the events of a transport, checks its invariants, and runs delegates of the test.</summary>
internal sealed class RecordingSink : ILinkSink
{
    private int _depth;

    public List<IForwardLink> OpenedLinks { get; } = [];

    public List<(IForwardLink Link, byte[] Frame)> Frames { get; } = [];

    public List<(IForwardLink Link, LinkClosure Closure)> ClosedLinks { get; } = [];

    public List<IForwardLink> WritableLinks { get; } = [];

    public List<byte[]> Strangers { get; } = [];

    public int BatchEnds { get; private set; }

    public int FramesSinceBatchEnd { get; private set; }

    /// <summary>Keep copies of frames. Off where only counts are needed.</summary>
    public bool Records { get; set; } = true;

    public int FrameCount { get; private set; }

    public Action<IForwardLink>? OnOpened { get; set; }

    public Action<IForwardLink, byte[]>? OnFrame { get; set; }

    public Action<IForwardLink>? OnWritable { get; set; }

    public Action<IForwardLink>? OnClosed { get; set; }

    public StrangerHandler? OnStranger { get; set; }

    public List<(IForwardLink Link, byte[] Frame)> MovedFrames { get; } = [];

    public MovedHandler? OnMoved { get; set; }

    public delegate void MovedHandler(IForwardLink link, in StrangerSource source, Span<byte> frame);

    public delegate void StrangerHandler(IForwardTransport transport, in StrangerSource source, Span<byte> frame);

    public LinkClosure ClosureOf(IForwardLink link) => ClosedLinks.Single(entry => entry.Link == link).Closure;

    /// <summary>Uses no delegate: it runs per frame, and allocations are counted.</summary>
    public bool HasClosed(IForwardLink link)
    {
        foreach ((IForwardLink closed, _) in ClosedLinks)
        {
            if (closed == link)
                return true;
        }

        return false;
    }

    public List<byte[]> FramesOf(IForwardLink link) =>
        [.. Frames.Where(entry => entry.Link == link).Select(entry => entry.Frame)];

    public void Opened(IForwardLink link)
    {
        Enter();
        if (OpenedLinks.Contains(link))
            Fail("Opened came twice.");
        if (HasClosed(link))
            Fail("Opened came after Closed.");
        OpenedLinks.Add(link);
        OnOpened?.Invoke(link);
        _depth--;
    }

    public void Frame(IForwardLink link, Span<byte> frame)
    {
        Enter();
        if (HasClosed(link))
            Fail("A frame came after Closed.");
        FrameCount++;
        FramesSinceBatchEnd++;
        try
        {
            if (!Records)
                return;
            byte[] copy = frame.ToArray();
            Frames.Add((link, copy));
            OnFrame?.Invoke(link, copy);
        }
        finally
        {
            frame.Clear(); // the sink may modify it
            _depth--;
        }
    }

    public void BatchEnd(IForwardTransport transport)
    {
        Enter();
        if (FramesSinceBatchEnd == 0)
            Fail("BatchEnd came without a frame before it.");
        BatchEnds++;
        FramesSinceBatchEnd = 0;
        _depth--;
    }

    public void Writable(IForwardLink link)
    {
        Enter();
        if (HasClosed(link))
            Fail("Writable came after Closed.");
        WritableLinks.Add(link);
        OnWritable?.Invoke(link);
        _depth--;
    }

    public void Closed(IForwardLink link, LinkClosure closure)
    {
        Enter();
        if (HasClosed(link))
            Fail("Closed came twice.");
        ClosedLinks.Add((link, closure));
        OnClosed?.Invoke(link);
        _depth--;
    }

    public void Moved(IForwardLink link, in StrangerSource source, Span<byte> frame)
    {
        Enter();
        if (HasClosed(link))
            Fail("Moved came after Closed.");
        if (Records)
            MovedFrames.Add((link, frame.ToArray()));
        OnMoved?.Invoke(link, source, frame);
        _depth--;
    }

    public void Stranger(IForwardTransport transport, in StrangerSource source, Span<byte> frame)
    {
        Enter();
        if (Records)
            Strangers.Add(frame.ToArray());
        OnStranger?.Invoke(transport, source, frame);
        _depth--;
    }

    private void Enter()
    {
        if (++_depth != 1)
            Fail("A callback came inside another one.");
    }

    private static void Fail(string what) => throw new AssertionException(what);
}
