namespace FastForward.Host.Demo;

/// <summary>Checks the messages of one call as they arrive: content, order, repeats.</summary>
internal sealed class CallCheck(uint call)
{
    private readonly List<bool> _seen = [];

    /// <summary>Checks a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="sequence">Its number within the call, as the message says; undefined when it is damaged.</param>
    public Arrival Take(ReadOnlySpan<byte> message, out uint sequence)
    {
        // No call of the demo is longer: a wild number must not fill the memory.
        if (!DemoMessage.TryRead(message, call, out sequence) || sequence > 1_000_000)
            return Arrival.Damaged;
        int place = (int)sequence;
        if (place >= _seen.Count)
        {
            while (_seen.Count < place)
                _seen.Add(false);
            _seen.Add(true);
            return Arrival.InOrder;
        }

        if (_seen[place])
            return Arrival.Duplicate;
        _seen[place] = true;
        return Arrival.Reordered;
    }
}
