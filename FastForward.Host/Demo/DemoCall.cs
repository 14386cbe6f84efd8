using System.Diagnostics;
using FastForward.Transport;

namespace FastForward.Host.Demo;

/// <summary>One call as its sender sees it: when each message left, and the check of what comes back.</summary>
internal sealed class DemoCall(uint number, ForwardStream stream)
{
    private readonly List<long> _sentAt = [];
    private readonly CallCheck _check = new(number);
    private int _echoes;

    /// <summary>The number in the messages.</summary>
    public uint Number { get; } = number;

    /// <summary>The stream that carries it.</summary>
    public ForwardStream Stream { get; } = stream;

    /// <summary>The sequence of the next message.</summary>
    public uint NextSequence => (uint)_sentAt.Count;

    /// <summary>Messages without a sound echo so far.</summary>
    public int Outstanding => _sentAt.Count - _echoes;

    /// <summary>Notes that the next message leaves now.</summary>
    public void Sent() => _sentAt.Add(Stopwatch.GetTimestamp());

    /// <summary>Checks an echo.</summary>
    /// <param name="message">The echo.</param>
    /// <param name="roundTripNanos">Its round trip; 0 when the message is damaged or was never sent.</param>
    public Arrival Echoed(ReadOnlySpan<byte> message, out long roundTripNanos)
    {
        roundTripNanos = 0;
        Arrival arrival = _check.Take(message, out uint sequence);
        if (arrival == Arrival.Damaged || sequence >= _sentAt.Count)
            return Arrival.Damaged;
        if (arrival != Arrival.Duplicate)
            _echoes++;
        roundTripNanos = (long)Stopwatch.GetElapsedTime(_sentAt[(int)sequence]).TotalNanoseconds;
        return arrival;
    }
}
