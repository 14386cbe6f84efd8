using FastForward.Transport.Loop;

namespace FastForward.Transport.Node;

/// <summary>A pooled record of held credit. The version makes a second release of the same hold do nothing.</summary>
internal sealed class HeldCredit(ForwardNode node, ForwardLoop loop, Stack<HeldCredit> pool)
{
    private MessageCredit _credit;

    /// <summary>Counts the holds that this record stood for.</summary>
    public int Version { get; private set; }

    /// <summary>Begins a hold.</summary>
    public CreditHold Hold(in MessageCredit credit)
    {
        _credit = credit;
        return new CreditHold(this);
    }

    /// <summary>Ends the hold of a version, unless it ended before.</summary>
    public void Release(int version)
    {
        loop.VerifyAccess();
        if (version != Version)
            return;
        MessageCredit credit = _credit;
        _credit = default;
        Version++;
        pool.Push(this);
        node.ReleaseCredit(credit, credit.Bytes);
    }
}
