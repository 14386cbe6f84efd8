using System.Net;
using FastForward.Transport.Loop;

namespace FastForward.Transport.Transports.Impairment;

/// <summary>
/// A transport that does to the frames of another one what a bad network would, on their way out. Neither the other
/// transport nor the sink knows of it: links, traits and counters are those of the other transport.
/// </summary>
/// <remarks>
/// An answer to a stranger can be lost, but not delayed or duplicated, since its address is valid during the call only.
/// </remarks>
internal sealed class ImpairedTransport : IForwardTransport, ILinkSink
{
    private readonly IForwardTransport _inner;
    private readonly ImpairmentOptions _options;
    private readonly ulong _seed;
    private readonly FrameFates _answers;
    private readonly long _outageMicros;
    private readonly long _intervalMicros;
    private ForwardLoop? _loop;
    private ILinkSink? _sink;
    private DelayedFrames? _delayed;
    private long _startedAt;
    private ulong _links;

    /// <param name="inner">The other transport, owned from here on.</param>
    /// <param name="impairment">The settings, with a seed, and the counters.</param>
    /// <param name="node">The node; nodes with the same seed have different fates.</param>
    public ImpairedTransport(IForwardTransport inner, ImpairmentStatistics impairment, uint node)
    {
        _inner = inner;
        Impairment = impairment;
        _options = impairment.Options;
        _seed = SplitMix64.SeedOf(SplitMix64.SeedOf(_options.Seed ?? 0, node), (ulong)inner.Kind);
        _answers = new FrameFates(_options, SplitMix64.SeedOf(_seed, 0));
        _outageMicros = (long)_options.OutageLength.TotalMicroseconds;
        _intervalMicros = (long)_options.OutageInterval.TotalMicroseconds;
    }

    public ImpairmentStatistics Impairment { get; }

    public TransportKind Kind => _inner.Kind;

    public TransportStatistics Statistics => _inner.Statistics;

    public IReadOnlyList<EndPoint> LocalEndPoints => _inner.LocalEndPoints;

    int ILoopSource.Descriptor => _inner.Descriptor;

    private bool IsOut =>
        _intervalMicros > 0 && (_loop!.NowMicros - _startedAt) % _intervalMicros >= _intervalMicros - _outageMicros;

    public TransportAvailability CheckAvailability() => _inner.CheckAvailability();

    public void Start(ForwardLoop loop, ILinkSink sink)
    {
        _loop = loop;
        _sink = sink;
        _startedAt = loop.NowMicros;
        _delayed = new DelayedFrames(loop, _options.QueueFrames);
        _inner.Start(loop, this);
    }

    public IForwardLink Connect(EndPoint remote, EndPoint? local = null) => Impair(_inner.Connect(remote, local));

    public IForwardLink Adopt(in StrangerSource source) => Impair(_inner.Adopt(source));

    public bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame)
    {
        Impairment.Frame();
        return IsLost(_answers.Next()) || _inner.TryAnswer(source, frame);
    }

    public string? FindSourceMismatch(uint node, IReadOnlyList<EndPoint> routed, uint? userId, uint? contextId) =>
        _inner.FindSourceMismatch(node, routed, userId, contextId);

    public void Flush() => _inner.Flush();

    public void StopAccepting() => _inner.StopAccepting();

    int ILoopSource.Poll(int budget) => _inner.Poll(budget);

    bool ILoopSource.Arm() => _inner.Arm();

    void ILoopSource.Disarm() => _inner.Disarm();

    public void Dispose()
    {
        _delayed?.Dispose();
        _inner.Dispose();
    }

    /// <summary>Does to a frame what its fate says.</summary>
    public void Send(ImpairedLink link, ReadOnlySpan<byte> frame, bool realTime, FrameFate fate)
    {
        Impairment.Frame();
        if (IsLost(fate))
            return;
        SendAfter(fate.DelayMicros, link, frame, realTime);
        if (fate.CopyDelayMicros is not { } copyDelay)
            return;
        Impairment.Duplicate();
        SendAfter(copyDelay, link, frame, realTime);
    }

    /// <summary>The link closes: its delayed frames are sent at once.</summary>
    public void Release(ImpairedLink link) => _delayed!.Release(link);

    void ILinkSink.Opened(IForwardLink link) => _sink!.Opened(link.Owner as ImpairedLink ?? Impair(link));

    void ILinkSink.Frame(IForwardLink link, Span<byte> frame) => _sink!.Frame((ImpairedLink)link.Owner!, frame);

    void ILinkSink.BatchEnd(IForwardTransport transport) => _sink!.BatchEnd(this);

    void ILinkSink.Writable(IForwardLink link) => _sink!.Writable((ImpairedLink)link.Owner!);

    void ILinkSink.Closed(IForwardLink link, LinkClosure closure) => _sink!.Closed((ImpairedLink)link.Owner!, closure);

    void ILinkSink.Moved(IForwardLink link, in StrangerSource source, Span<byte> frame) =>
        _sink!.Moved((ImpairedLink)link.Owner!, source, frame);

    void ILinkSink.Stranger(IForwardTransport transport, in StrangerSource source, Span<byte> frame) =>
        _sink!.Stranger(this, source, frame);

    private ImpairedLink Impair(IForwardLink link)
    {
        ImpairedLink impaired = new(this, link, new FrameFates(_options, SplitMix64.SeedOf(_seed, ++_links)));
        link.Owner = impaired;
        return impaired;
    }

    private bool IsLost(FrameFate fate)
    {
        if (IsOut)
            Impairment.LoseInOutage();
        else if (fate.IsLost)
            Impairment.LoseFrame();
        else
            return false;
        return true;
    }

    private void SendAfter(long delayMicros, ImpairedLink link, ReadOnlySpan<byte> frame, bool realTime)
    {
        if (delayMicros == 0)
            link.SendNow(frame, realTime);
        else if (_delayed!.TryAdd(link, frame, realTime, delayMicros))
            Impairment.Delay();
        else
            Impairment.Overflow();
    }
}
