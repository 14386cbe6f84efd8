using FastForward.Transport.Loop;

namespace FastForward.Transport.Node;

/// <summary>A pooled record of held credit. The version makes a second release of the same hold do nothing.</summary>
internal sealed class HeldCredit(ForwardNode node, ForwardLoop loop, Stack<HeldCredit> pool)
{
    private MessageCredit _credit;

    /// <summary>The number of holds that this record was used for.</summary>
    public int Version { get; private set; }

    /// <summary>Starts a hold.</summary>
    public CreditHold Hold(in MessageCredit credit)
    {
        _credit = credit;
        return new CreditHold(this);
    }

    /// <summary>Releases the hold of a version, unless it was already released.</summary>
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
