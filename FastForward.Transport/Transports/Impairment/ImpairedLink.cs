using System.Net;

namespace FastForward.Transport.Transports.Impairment;

/// <summary>
/// A link whose frames meet the fates of a bad network before they are sent. A link of a reliable medium is not
/// impaired: its frames must not be lost.
/// </summary>
internal sealed class ImpairedLink(ImpairedTransport transport, IForwardLink inner, FrameFates fates) : IForwardLink
{
    private byte[] _claim = [];
    private int _claimed;

    public IForwardTransport Transport => transport;

    public uint Index => inner.Index;

    public LinkTraits Traits => inner.Traits;

    public EndPoint RemoteEndPoint => inner.RemoteEndPoint;

    public EndPoint? LocalEndPoint => inner.LocalEndPoint;

    public bool IsInbound => inner.IsInbound;

    public object? Owner { get; set; }

    private bool IsPassive => inner.Traits.Reliable;

    public ClaimResult TryClaim(int length, out Span<byte> span)
    {
        if (IsPassive)
            return inner.TryClaim(length, out span);
        span = default;
        if (_claimed != 0)
            throw new InvalidOperationException($"A claim of {_claimed} bytes is open: Commit or Abort it first.");
        // The memory of the medium cannot be kept until the fate of the frame is known; only its answer counts.
        ClaimResult result = inner.TryClaim(length, out _);
        if (result != ClaimResult.Claimed)
            return result;
        inner.Abort();
        if (_claim.Length == 0)
            _claim = new byte[inner.Traits.MaxFrameSize];
        _claimed = length;
        span = _claim.AsSpan(0, length);
        return ClaimResult.Claimed;
    }

    public void Commit(int length, bool realTime)
    {
        if (IsPassive)
        {
            inner.Commit(length, realTime);
            return;
        }

        if (_claimed == 0)
            ThrowNoClaim();
        if (length < 1 || length > _claimed)
            throw new InvalidOperationException($"{length} bytes are outside the claim of 1..{_claimed}.");
        _claimed = 0;
        transport.Send(this, _claim.AsSpan(0, length), realTime, fates.Next());
    }

    public void Abort()
    {
        if (IsPassive)
        {
            inner.Abort();
            return;
        }

        if (_claimed == 0)
            ThrowNoClaim();
        _claimed = 0;
    }

    public void Rebind(in StrangerSource source) => inner.Rebind(source);

    // What is delayed goes out now: a link passes on what was committed before it closes.
    public void Close()
    {
        _claimed = 0;
        transport.Release(this);
        inner.Close();
    }

    /// <summary>Passes a frame to the medium, or drops it if that has no room.</summary>
    public void SendNow(ReadOnlySpan<byte> frame, bool realTime)
    {
        if (inner.TryClaim(frame.Length, out Span<byte> span) != ClaimResult.Claimed)
        {
            transport.Impairment.Overflow();
            return;
        }

        frame.CopyTo(span);
        inner.Commit(frame.Length, realTime);
    }

    private static void ThrowNoClaim() =>
        throw new InvalidOperationException(
            "No claim of this link is open: TryClaim first; a claim ends with Commit, Abort and Close."
        );
}
