namespace FastForward.Host.Demo;

/// <summary>Counts of arrivals.</summary>
internal sealed class Tally
{
    /// <summary>Sound messages, each counted once.</summary>
    public long Delivered { get; private set; }

    /// <summary>Messages that came again.</summary>
    public long Duplicated { get; private set; }

    /// <summary>Messages that came after a later one.</summary>
    public long Reordered { get; private set; }

    /// <summary>Messages that are not what was sent.</summary>
    public long Damaged { get; private set; }

    public void Add(Arrival arrival)
    {
        switch (arrival)
        {
            case Arrival.InOrder:
                Delivered++;
                break;
            case Arrival.Reordered:
                Delivered++;
                Reordered++;
                break;
            case Arrival.Duplicate:
                Duplicated++;
                break;
            default:
                Damaged++;
                break;
        }
    }
}
