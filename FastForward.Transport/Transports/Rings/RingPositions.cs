namespace FastForward.Transport.Transports.Rings;

/// <summary>
/// One side of a link over two rings: how far each is written and read, and when the other side must be woken.
/// Positions count bytes and never wrap. What the other side writes is read once and checked before it is used.
/// </summary>
/// <remarks>
/// A side sleeps in three steps: it makes <see cref="RingWord.Sleeping"/> odd, passes a fence, and looks once more for
/// input. The other side publishes input, passes a fence, and looks whether the word is odd. At least one of the two
/// sees what the other has done, so that input never waits for a sleeper. One bell is rung for each odd value.
/// <see cref="RingWord.WantsRoom"/> works alike; its reader looks at it whenever it looks for input, and once more
/// before it sleeps.
/// </remarks>
internal struct RingPositions<TWords>
    where TWords : struct, IRingWords
{
    private readonly ulong _capacity;
    private readonly ulong _peerCapacity;
    private TWords _words;
    private ulong _published;
    private ulong _readByPeer;
    private ulong _readable;
    private ulong _released;
    private ulong _sleeping;
    private ulong _wantsRoom;
    private ulong _rungFor;
    private ulong _roomToldFor;
    private bool _isInputOver;

    /// <param name="words">The shared words.</param>
    /// <param name="capacity">The bytes of the ring that this side writes.</param>
    /// <param name="peerCapacity">The bytes of the ring that it reads.</param>
    public RingPositions(TWords words, int capacity, int peerCapacity)
    {
        _words = words;
        _capacity = (ulong)capacity;
        _peerCapacity = (ulong)peerCapacity;
    }

    /// <summary>How far this side has written, published or not.</summary>
    public ulong Tail { get; set; }

    /// <summary>How far this side has read.</summary>
    public ulong Head { get; set; }

    /// <summary>The other side has written a position that cannot be: nothing of it is used.</summary>
    public bool IsCorrupt { get; private set; }

    /// <summary>Bytes that can be read. Looks for more when there are none.</summary>
    public ulong Readable
    {
        get
        {
            if (_readable == Head && !_isInputOver)
                LookForInput();
            return _readable - Head;
        }
    }

    /// <summary>Whether so many bytes can be written.</summary>
    public bool HasRoom(ulong bytes)
    {
        if (bytes <= _capacity - (Tail - _readByPeer))
            return true;
        ulong read = _words.Read(RingWord.Head);
        if (read < _readByPeer || read > _published)
        {
            IsCorrupt = true;
            return false;
        }

        _readByPeer = read;
        return bytes <= _capacity - (Tail - read);
    }

    /// <summary>Shows the other side what was written.</summary>
    /// <returns>Whether it must be woken.</returns>
    public bool Publish()
    {
        if (_published == Tail)
            return false;
        _published = Tail;
        _words.Write(RingWord.Tail, Tail);
        _words.Fence();
        return IsNewlyOdd(RingWord.Sleeping, ref _rungFor);
    }

    /// <summary>Gives the other side the room of what was read.</summary>
    /// <returns>Whether it must be woken, because it waits for room.</returns>
    public bool Release()
    {
        ShowHead();
        return IsNewlyOdd(RingWord.WantsRoom, ref _roomToldFor);
    }

    /// <summary>This side is about to sleep.</summary>
    /// <param name="neededRoom">The room that it waits for; 0 for none.</param>
    /// <param name="mustWake">The other side must be woken, because it waits for room that there is.</param>
    /// <returns>Whether it must not sleep: there is input, or the room.</returns>
    public bool Arm(ulong neededRoom, out bool mustWake)
    {
        ShowHead();
        _words.Write(RingWord.Sleeping, _sleeping |= 1);
        if (neededRoom > 0)
            _words.Write(RingWord.WantsRoom, _wantsRoom |= 1);
        _words.Fence();
        mustWake = IsNewlyOdd(RingWord.WantsRoom, ref _roomToldFor);
        return Readable > 0 || IsCorrupt || (neededRoom > 0 && HasRoom(neededRoom));
    }

    /// <summary>The other side has ended: what it has published until now is all.</summary>
    public void EndInput()
    {
        if (!_isInputOver && _readable == Head)
            LookForInput();
        _isInputOver = true;
    }

    /// <summary>This side is awake.</summary>
    public void Disarm()
    {
        if ((_sleeping & 1) != 0)
            _words.Write(RingWord.Sleeping, ++_sleeping);
        if ((_wantsRoom & 1) != 0)
            _words.Write(RingWord.WantsRoom, ++_wantsRoom);
    }

    private void ShowHead()
    {
        if (_released == Head)
            return;
        _released = Head;
        _words.Write(RingWord.Head, Head);
    }

    private void LookForInput()
    {
        ulong tail = _words.Read(RingWord.Tail);
        if (tail < Head || tail - Head > _peerCapacity)
            IsCorrupt = true;
        else
            _readable = tail;
    }

    private readonly bool IsNewlyOdd(RingWord word, ref ulong last)
    {
        ulong value = _words.Read(word);
        if ((value & 1) == 0 || value == last)
            return false;
        last = value;
        return true;
    }
}
