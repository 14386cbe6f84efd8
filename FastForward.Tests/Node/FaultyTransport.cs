using System.Net;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports;

namespace FastForward.Tests.Node;

/// <summary>
/// A transport whose links hand out less memory than was claimed, so that writing a frame throws. No real transport
/// does this; it stands for any error in the writing of a frame.
/// </summary>
internal sealed class FaultyTransport : IForwardTransport
{
    private readonly List<Link> _opening = [];
    private ILinkSink? _sink;

    public TransportKind Kind => TransportKind.VSocket;

    public TransportStatistics Statistics { get; } = new FaultyStatistics();

    public IReadOnlyList<EndPoint> LocalEndPoints => [];

    public int Descriptor => -1;

    public int Claims { get; private set; }

    public int Aborts { get; private set; }

    /// <summary>A frame was claimed while another claim was open.</summary>
    public bool HadOpenClaim { get; private set; }

    /// <summary>Flushing throws as well.</summary>
    public bool ThrowsInFlush { get; set; }

    public TransportAvailability CheckAvailability() => TransportAvailability.Available;

    public void Start(ForwardLoop loop, ILinkSink sink) => _sink = sink;

    public IForwardLink Connect(EndPoint remote, EndPoint? local = null)
    {
        Link link = new(this, remote);
        _opening.Add(link);
        return link;
    }

    public IForwardLink Adopt(in StrangerSource source) => throw new NotSupportedException();

    public bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame) => throw new NotSupportedException();

    public int Poll(int budget)
    {
        Link[] opened = [.. _opening];
        _opening.Clear();
        foreach (Link link in opened)
            _sink!.Opened(link);
        return opened.Length;
    }

    public bool Arm() => _opening.Count > 0;

    public void Disarm() { }

    public void Flush()
    {
        if (ThrowsInFlush)
            throw new InvalidOperationException("thrown on purpose");
    }

    public void StopAccepting() { }

    public void Dispose() { }

    private sealed class FaultyStatistics : TransportStatistics;

    private sealed class Link(FaultyTransport transport, EndPoint remote) : IForwardLink
    {
        private readonly byte[] _memory = new byte[8];
        private bool _isClaimed;

        public IForwardTransport Transport => transport;

        public uint Index => 1;

        public LinkTraits Traits { get; } =
            new()
            {
                Reliable = true,
                Ordered = true,
                ConnectionOriented = true,
                DetectsPeerDeath = true,
                MaxFrameSize = 4096,
                HostLocal = true,
            };

        public EndPoint RemoteEndPoint => remote;

        public bool IsInbound => false;

        public object? Owner { get; set; }

        public ClaimResult TryClaim(int length, out Span<byte> span)
        {
            transport.Claims++;
            transport.HadOpenClaim |= _isClaimed;
            _isClaimed = true;
            span = _memory;
            return ClaimResult.Claimed;
        }

        public void Commit(int length, bool realTime) => _isClaimed = false;

        public void Abort()
        {
            transport.Aborts++;
            _isClaimed = false;
        }

        public void Close() { }
    }
}
