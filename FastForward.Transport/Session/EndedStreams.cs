namespace FastForward.Transport.Session;

/// <summary>
/// The ids of ended streams, with one value each, so that a late or retransmitted message does not open its stream
/// again. At the capacity the oldest one is removed. Memory is allocated as needed, because most peers end few streams.
/// </summary>
internal sealed class EndedStreams<T>(int capacity)
{
    private readonly Dictionary<ulong, T> _values = [];
    private readonly Queue<ulong> _order = [];

    public bool TryGet(ulong stream, out T? value) => _values.TryGetValue(stream, out value);

    public bool Contains(ulong stream) => _values.ContainsKey(stream);

    /// <summary>Adds an ended stream. Does nothing when it is present already.</summary>
    public void Add(ulong stream, T value)
    {
        if (!_values.TryAdd(stream, value))
            return;
        if (_order.Count == capacity)
            _values.Remove(_order.Dequeue());
        _order.Enqueue(stream);
    }

    /// <summary>Adds an ended stream, or changes its value; it keeps its place.</summary>
    public void Set(ulong stream, T value)
    {
        if (_values.ContainsKey(stream))
            _values[stream] = value;
        else
            Add(stream, value);
    }
}
