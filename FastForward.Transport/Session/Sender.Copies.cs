using FastForward.Transport.Session.Recovery;

namespace FastForward.Transport.Session;

/// <content>
/// Copies of real-time messages: sent a few frames later, before it is known whether the original has arrived.
/// </content>
internal sealed partial class Sender
{
    private const int CopiesOfImportant = 2;

    private const int MostBudgetVotes = 64;

    private readonly CopySchedule _copies = new();
    private int _budgetVotes;

    /// <summary>Decides how many copies there are.</summary>
    public CopyPolicy CopyPolicy { get; }

    /// <summary>The budget that most messages have lately, in microseconds.</summary>
    public long CommonBudget { get; private set; } = RealTimeBudget.WithoutBudget;

    // The majority vote of Boyer and Moore: a few messages with another budget change nothing.
    private void CountBudget(long budget)
    {
        if (budget == CommonBudget)
            _budgetVotes = Math.Min(_budgetVotes + 1, MostBudgetVotes);
        else if (_budgetVotes > 0)
            _budgetVotes--;
        else
            CommonBudget = budget;
    }

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
            if (message.AgeAt(now) >= BudgetOf(message) || !frame.MayBeLost || SizeOf(message) > frame.Capacity)
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
