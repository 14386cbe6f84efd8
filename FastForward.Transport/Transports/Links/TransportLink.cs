using System.Net;
using FastForward.Transport.Loop;

namespace FastForward.Transport.Transports.Links;

/// <summary>
/// The part of a link that does not depend on the medium: an index, a state that only advances, at most one open claim,
/// and exactly one Closed event. Derived classes provide the memory of claims and send the frames.
/// </summary>
internal abstract class TransportLink : IForwardLink
{
    private readonly ForwardLoop _loop;
    private readonly DeferredEvents _events;
    private int _claimed;

    protected TransportLink(
        IForwardTransport transport,
        ForwardLoop loop,
        DeferredEvents events,
        EndPoint remote,
        bool inbound
    )
    {
        Transport = transport;
        _loop = loop;
        _events = events;
        RemoteEndPoint = remote;
        IsInbound = inbound;
        Announced = !inbound;
        Index = LinkIndexes.Take();
    }

    public IForwardTransport Transport { get; }

    public uint Index { get; }

    public abstract LinkTraits Traits { get; }

    public EndPoint RemoteEndPoint { get; protected set; }

    public virtual EndPoint? LocalEndPoint => null;

    public bool IsInbound { get; }

    public object? Owner { get; set; }

    public LinkState State { get; private set; }

    /// <summary>The sink knows the link and gets its Closed event. Inbound links become known when they open.</summary>
    public bool Announced { get; private set; }

    /// <summary>A claim was refused, and the sink waits for Writable.</summary>
    protected bool Refused { get; set; }

    protected DeferredEvents Events => _events;

    public ClaimResult TryClaim(int length, out Span<byte> span)
    {
        _loop.VerifyAccess();
        span = default;
        if (_claimed != 0)
            throw new InvalidOperationException(
                $"A claim of {_claimed} bytes is open on this link: Commit or Abort it first."
            );
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (State != LinkState.Open)
            return ClaimResult.Closed;
        if (length > Traits.MaxFrameSize)
            return ClaimResult.TooLarge;
        ClaimResult result = Acquire(length, out span);
        if (result == ClaimResult.Claimed)
            _claimed = length;
        return result;
    }

    public void Commit(int length, bool realTime)
    {
        VerifyClaim();
        if (length < 1 || length > _claimed)
            throw new InvalidOperationException($"{length} bytes are outside the claim of 1..{_claimed}.");
        _claimed = 0;
        Stage(length, realTime);
    }

    public void Abort()
    {
        VerifyClaim();
        _claimed = 0;
        GiveBack();
    }

    public virtual void Rebind(in StrangerSource source) =>
        throw new NotSupportedException($"The medium of the link to {RemoteEndPoint} has connections.");

    public void Close()
    {
        _loop.VerifyAccess();
        CloseWith(new LinkClosure(LinkCloseReason.ClosedLocally));
    }

    /// <summary>Ends the link. The first closure counts; the next poll reports it to the sink.</summary>
    public void CloseWith(LinkClosure closure)
    {
        if (State >= LinkState.Closing)
            return;
        if (_claimed != 0)
        {
            _claimed = 0;
            GiveBack();
        }

        State = LinkState.Closing;
        OnClosing(closure);
        _events.Closed(this, closure);
    }

    /// <summary>Delivers Opened.</summary>
    public void DeliverOpened(ILinkSink sink)
    {
        if (State != LinkState.Opening)
            return;
        MarkOpen();
        sink.Opened(this);
    }

    public void DeliverWritable(ILinkSink sink)
    {
        if (State == LinkState.Open)
            sink.Writable(this);
    }

    public void DeliverClosed(ILinkSink sink, LinkClosure closure)
    {
        State = LinkState.Closed;
        Release();
        LinkIndexes.Return(Index);
        if (Announced)
            sink.Closed(this, closure);
    }

    /// <summary>Sets the state to Open; the sink knows the link from here on.</summary>
    protected void MarkOpen()
    {
        State = LinkState.Open;
        Announced = true;
    }

    /// <summary>Provides memory for one frame, or sets <see cref="Refused"/> when there is none.</summary>
    protected abstract ClaimResult Acquire(int length, out Span<byte> span);

    /// <summary>Stages or sends the first bytes of the acquired memory as a frame.</summary>
    protected abstract void Stage(int length, bool realTime);

    /// <summary>Takes the acquired memory back.</summary>
    protected abstract void GiveBack();

    /// <summary>
    /// The state is now Closing: sends what is staged, without waiting, and closes the socket if any.
    /// </summary>
    protected abstract void OnClosing(LinkClosure closure);

    /// <summary>The link has closed: frees native memory and leaves all tables.</summary>
    protected abstract void Release();

    private void VerifyClaim()
    {
        _loop.VerifyAccess();
        if (_claimed == 0)
            throw new InvalidOperationException(
                "No claim of this link is open: TryClaim first; a claim ends with Commit, Abort and Close."
            );
    }
}
