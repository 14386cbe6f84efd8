namespace FastForward.Transport.Session;

/// <summary>The open incoming streams of an association, in the order of their last use.</summary>
internal sealed class ReceiveStreamTable
{
    private readonly Dictionary<ulong, ReceiveStream> _streams = [];
    private ReceiveStream? _newest;

    public int Count => _streams.Count;

    public ReceiveStream? Oldest { get; private set; }

    /// <summary>Finds a stream and makes it the most recently used one.</summary>
    public ReceiveStream? Use(ulong id)
    {
        if (_newest is { } newest && newest.Id == id)
            return newest;
        if (!_streams.TryGetValue(id, out ReceiveStream? stream))
            return null;
        Unlink(stream);
        Link(stream);
        return stream;
    }

    public void Add(ReceiveStream stream)
    {
        _streams.Add(stream.Id, stream);
        Link(stream);
    }

    public void Remove(ReceiveStream stream)
    {
        _streams.Remove(stream.Id);
        Unlink(stream);
    }

    private void Link(ReceiveStream stream)
    {
        stream.Older = _newest;
        stream.Newer = null;
        if (_newest is null)
            Oldest = stream;
        else
            _newest.Newer = stream;
        _newest = stream;
    }

    private void Unlink(ReceiveStream stream)
    {
        if (stream.Older is null)
            Oldest = stream.Newer;
        else
            stream.Older.Newer = stream.Newer;
        if (stream.Newer is null)
            _newest = stream.Older;
        else
            stream.Newer.Older = stream.Older;
        stream.Older = null;
        stream.Newer = null;
    }
}
