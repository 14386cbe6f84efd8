namespace FastForward.Transport.Session;

/// <summary>
/// The ids of streams that ended, with one value each, oldest forgotten first: a late or repeated message must not open
/// its stream again. It grows as far as it is used: most peers end few streams.
/// </summary>
internal sealed class EndedStreams<T>(int capacity)
{
    private readonly Dictionary<ulong, T> _values = [];
    private readonly Queue<ulong> _order = [];

    public bool TryGet(ulong stream, out T? value) => _values.TryGetValue(stream, out value);

    public bool Contains(ulong stream) => _values.ContainsKey(stream);

    /// <summary>Notes the end of a stream. The first note counts.</summary>
    public void Add(ulong stream, T value)
    {
        if (!_values.TryAdd(stream, value))
            return;
        if (_order.Count == capacity)
            _values.Remove(_order.Dequeue());
        _order.Enqueue(stream);
    }

    /// <summary>Changes the value of a stream that is remembered.</summary>
    public void Update(ulong stream, T value)
    {
        if (_values.ContainsKey(stream))
            _values[stream] = value;
    }
}
