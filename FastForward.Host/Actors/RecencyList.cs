namespace FastForward.Host.Actors;

/// <summary>Items in the order of their last use. Every operation is O(1) and allocates nothing.</summary>
internal sealed class RecencyList<T>
    where T : Recent
{
    private Recent? _oldest;
    private Recent? _newest;

    /// <summary>How many items there are.</summary>
    public int Count { get; private set; }

    /// <summary>The item that was not used for the longest time; null when there is none.</summary>
    public T? Oldest => (T?)_oldest;

    /// <summary>Adds a new item as the one used last.</summary>
    public void Add(T item, TimeSpan now)
    {
        item.LastUsed = now;
        Append(item);
        Count++;
    }

    /// <summary>Notes that an item was used.</summary>
    public void Touch(T item, TimeSpan now)
    {
        item.LastUsed = now;
        if (_newest == item)
            return;
        Unlink(item);
        Append(item);
    }

    /// <summary>Takes an item out.</summary>
    public void Remove(T item)
    {
        Unlink(item);
        Count--;
    }

    private void Append(Recent item)
    {
        item.Older = _newest;
        item.Newer = null;
        if (_newest is null)
            _oldest = item;
        else
            _newest.Newer = item;
        _newest = item;
    }

    private void Unlink(Recent item)
    {
        if (item.Older is null)
            _oldest = item.Newer;
        else
            item.Older.Newer = item.Newer;
        if (item.Newer is null)
            _newest = item.Older;
        else
            item.Newer.Older = item.Older;
        item.Older = item.Newer = null;
    }
}
