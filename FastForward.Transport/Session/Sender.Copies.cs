using FastForward.Transport.Session.Recovery;

namespace FastForward.Transport.Session;

/// <content>
/// Copies of real-time messages: sent a few frames later, before it is known whether the original has arrived.
/// </content>
internal sealed partial class Sender
{
    private const int CopiesOfImportant = 2;

    private readonly CopySchedule _copies = new();

    /// <summary>Decides how many copies there are.</summary>
    public CopyPolicy CopyPolicy { get; }

    /// <summary>
    /// The shortest budget of the messages that were written since the last call, else that of before; in microseconds.
    /// </summary>
    public long TakeShortestBudget()
    {
        long budget = _shortestBudget;
        _shortestBudget = long.MaxValue;
        return _lastBudget = budget == long.MaxValue ? _lastBudget : budget;
    }

    private long _lastBudget = WithoutBudget;

    private void ScheduleCopies(long now, OutgoingMessage message)
    {
        if (message.Kind != OutgoingKind.Message)
            return;
        if (message.Repeats == 0)
            message.CopiesLeft = Math.Max(CopyPolicy.Copies, message.IsImportant ? CopiesOfImportant : 0);
        if (message.CopiesLeft > 0)
            _copies.Add(message, now + CopyPolicy.Delay);
    }

    // Returns false when the frame is full.
    private bool WriteCopies(long now, ref FrameBuilder frame)
    {
        _copies.Advance(now);
        while (_copies.Peek() is { } message)
        {
            bool isInTime = now - message.AcceptedAt + message.Waited < BudgetOf(message);
            if (!isInTime || !frame.MayBeLost || SizeOf(message) > frame.Capacity)
            {
                _copies.Remove();
                continue;
            }

            if (frame.Room < SizeOf(message))
                return false;
            _copies.Remove();
            if (!message.IsImportant && !_allowance.TryUse(message.Length))
                continue;
            frame.RealTime(message, now);
            _statistics.Copied();
            _awaited.Remove(message);
            _awaited.Add(message);
            if (--message.CopiesLeft > 0)
                _copies.Add(message, now + CopyPolicy.Delay);
        }

        return true;
    }
}
