namespace FastForward.Transport.Session;

/// <summary>
/// The ids of streams that ended, with one value each, oldest forgotten first: a late or repeated message must not open
/// its stream again.
/// </summary>
internal sealed class EndedStreams(int capacity)
{
    private readonly Dictionary<ulong, ulong> _values = new(capacity);
    private readonly ulong[] _order = new ulong[capacity];
    private int _count;
    private int _oldest;

    public bool TryGet(ulong stream, out ulong value) => _values.TryGetValue(stream, out value);

    public void Add(ulong stream, ulong value)
    {
        if (!_values.TryAdd(stream, value)) return;
        if (_count == capacity)
        {
            _values.Remove(_order[_oldest]);
            _order[_oldest] = stream;
            _oldest = (_oldest + 1) % capacity;
            return;
        }

        _order[(_oldest + _count++) % capacity] = stream;
    }
}
