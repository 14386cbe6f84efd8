using FastForward.Transport;

namespace FastForward.Host.Demo;

/// <summary>What one side of the demo counts for each message class.</summary>
internal sealed class ClassCounts
{
    private readonly long[] _accepted = new long[2];
    private readonly long[] _delivered = new long[2];

    /// <summary>Messages that the node accepted.</summary>
    public long Accepted(MessageClass messageClass) => _accepted[Index(messageClass)];

    /// <summary>Sound messages that arrived, each counted once.</summary>
    public long Delivered(MessageClass messageClass) => _delivered[Index(messageClass)];

    public void Accept(MessageClass messageClass) => _accepted[Index(messageClass)]++;

    public void Arrive(MessageClass messageClass, Arrival arrival)
    {
        if (arrival is Arrival.InOrder or Arrival.Reordered)
            _delivered[Index(messageClass)]++;
    }

    private static int Index(MessageClass messageClass) => messageClass == MessageClass.Reliable ? 0 : 1;
}
