namespace FastForward.Transport.Session.Recovery;

/// <summary>What is known of a sent frame.</summary>
internal enum SentState : byte
{
    /// <summary>Nothing.</summary>
    InFlight,

    /// <summary>It has arrived.</summary>
    Acknowledged,

    /// <summary>It is taken for lost. It may have arrived all the same.</summary>
    Lost,
}

/// <summary>A sent frame. Times are in microseconds.</summary>
internal struct SentFrame
{
    public long SentAt;
    public long FirstElement;
    public int Elements;
    public int Bytes;
    public SentState State;

    /// <summary>It asks for an acknowledgement, so that it counts as in flight until there is one.</summary>
    public bool IsEliciting;

    /// <summary>It carries reliable messages, which wait for the congestion window.</summary>
    public bool IsReliable;

    /// <summary>Its time says nothing about the path: the process did not run, or a time-out gave it up.</summary>
    public bool IsUntimed;
}

/// <summary>
/// The sent frames of a path that may still be acknowledged, by packet number, and their elements: two rings of
/// sizes that are powers of two. They grow up to a limit and are not given up afterwards.
/// </summary>
internal sealed class SentFrames
{
    /// <summary>The most frames that are remembered. Older ones are taken for lost.</summary>
    public const int MaxFrames = 16_384;

    private SentFrame[] _frames = new SentFrame[16];
    private SentElement[] _elements = new SentElement[32];
    private long _firstElement;
    private long _nextElement;

    /// <summary>The lowest number that is remembered.</summary>
    public ulong First { get; private set; }

    /// <summary>The number of the next frame.</summary>
    public ulong Next { get; private set; }

    public int Count => (int)(Next - First);

    /// <summary>The frame with a number from <see cref="First"/> up to <see cref="Next"/>.</summary>
    public ref SentFrame this[ulong number] => ref _frames[number & ((ulong)_frames.Length - 1)];

    public ref SentElement Element(long index) => ref _elements[index & (_elements.Length - 1)];

    /// <summary>Records an element of the frame that is being written.</summary>
    public void Add(in SentElement element)
    {
        if (_nextElement - _firstElement == _elements.Length)
            GrowElements();
        Element(_nextElement++) = element;
    }

    /// <summary>Records the frame that was written, with the elements added since the last one.</summary>
    public void Commit(long now, int bytes, bool isEliciting, bool isReliable = false)
    {
        if (Count == _frames.Length)
            GrowFrames();
        long first = Count == 0 ? _firstElement : EndOfElements(Next - 1);
        this[Next] = new SentFrame
        {
            SentAt = now,
            FirstElement = first,
            Elements = (int)(_nextElement - first),
            Bytes = bytes,
            IsEliciting = isEliciting,
            IsReliable = isReliable,
            State = isEliciting ? SentState.InFlight : SentState.Lost, // nothing waits for its acknowledgement
        };
        Next++;
    }

    /// <summary>Forgets the oldest frame.</summary>
    public void RemoveFirst()
    {
        long end = EndOfElements(First);
        for (; _firstElement < end; _firstElement++)
            Element(_firstElement) = default;
        First++;
    }

    private long EndOfElements(ulong number) => this[number].FirstElement + this[number].Elements;

    private void GrowFrames()
    {
        SentFrame[] frames = new SentFrame[_frames.Length * 2];
        for (ulong number = First; number < Next; number++)
            frames[number & ((ulong)frames.Length - 1)] = this[number];
        _frames = frames;
    }

    private void GrowElements()
    {
        SentElement[] elements = new SentElement[_elements.Length * 2];
        for (long i = _firstElement; i < _nextElement; i++)
            elements[i & (elements.Length - 1)] = Element(i);
        _elements = elements;
    }
}
