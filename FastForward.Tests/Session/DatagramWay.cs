namespace FastForward.Tests.Session;

/// <summary>
/// The way of datagrams from one address to another: loss in bursts (Gilbert and Elliott), jitter, duplicates, outages,
/// and a bottleneck with a queue. Times are in microseconds.
/// </summary>
internal sealed class DatagramWay
{
    private bool _isLosing;
    private double _queueJitter;
    private long _drawnAt = long.MinValue;
    private long _freeAt;
    private long _lastArrival;

    /// <summary>The share of datagrams that are lost.</summary>
    public double Loss { get; set; }

    /// <summary>The mean number of datagrams lost in a row.</summary>
    public double Burst { get; set; } = 1;

    public double Duplicates { get; set; }

    public long Delay { get; set; }

    /// <summary>Each datagram takes up to so much longer, each by itself: they overtake each other.</summary>
    public long Jitter { get; set; }

    /// <summary>
    /// The jitter is that of a queue instead: it changes slowly, and the datagrams keep their order.
    /// </summary>
    public bool IsCorrelated { get; set; }

    /// <summary>Nothing arrives for <see cref="OutageLength"/> in each such time; 0 for never.</summary>
    public long OutageInterval { get; set; }

    public long OutageLength { get; set; }

    /// <summary>The rate of the bottleneck; 0 for none.</summary>
    public double BytesPerSecond { get; set; }

    /// <summary>How much its queue holds; what comes while it is full is lost.</summary>
    public long QueueBytes { get; set; } = 64_000;

    public long Bytes { get; private set; }

    public long Datagrams { get; private set; }

    public long Lost { get; private set; }

    public void Transmit(SimulatedNetwork network, int length, Action<long> deliver)
    {
        Datagrams++;
        Bytes += length + 28; // IPv4 and UDP headers
        if (IsLost(network))
        {
            Lost++;
            return;
        }

        long at = Queue(network.Now, length + 28);
        if (at < 0)
        {
            Lost++;
            return;
        }

        int copies = network.Random.NextDouble() < Duplicates ? 2 : 1;
        for (int i = 0; i < copies; i++)
            deliver(at + Delay + DrawJitter(network));
    }

    private bool IsLost(SimulatedNetwork network)
    {
        // From the good state to the bad one so often that the share of lost datagrams is right.
        double leave = 1 / Burst;
        double enter = Loss >= 1 ? 1 : Loss * leave / (1 - Loss);
        _isLosing = network.Random.NextDouble() < (_isLosing ? 1 - leave : enter);
        return _isLosing || (OutageInterval > 0 && network.Now % OutageInterval < OutageLength);
    }

    // Returns when the last byte has left the bottleneck; -1 when its queue is full.
    private long Queue(long now, int bytes)
    {
        if (BytesPerSecond == 0)
            return now;
        _freeAt = Math.Max(_freeAt, now);
        if ((_freeAt - now) * BytesPerSecond / 1_000_000 > QueueBytes)
            return -1;
        _freeAt += (long)(bytes * 1_000_000 / BytesPerSecond);
        return _freeAt;
    }

    private long DrawJitter(SimulatedNetwork network)
    {
        if (!IsCorrelated)
            return network.Random.NextInt64(Jitter + 1);
        // A queue that changes within about a quarter of a second; nothing overtakes within it.
        double weight = Math.Exp(-(network.Now - Math.Max(_drawnAt, 0)) / 250_000.0);
        _drawnAt = network.Now;
        _queueJitter = (_queueJitter * weight) + (network.Random.NextInt64(Jitter + 1) * (1 - weight));
        _lastArrival = Math.Max(_lastArrival, network.Now + (long)_queueJitter);
        return _lastArrival - network.Now;
    }
}
