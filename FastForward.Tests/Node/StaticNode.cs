using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Node;

/// <summary>A node without transports.</summary>
internal sealed class StaticNode : IForwardHandler, IDisposable
{
    private readonly OverrideResolver _resolver = new([]);

    public StaticNode(ForwardLoop loop, uint id, Action<ForwardNodeOptions>? configure = null)
    {
        ForwardNodeOptions options = new() { Node = id, RealTimeBudget = TimeSpan.FromSeconds(5) };
        configure?.Invoke(options);
        Node = new ForwardNode(loop, options, [], _resolver);
        Node.Start(this);
    }

    public ForwardNode Node { get; }

    public Action? OnReceived { get; set; }

    /// <summary>Called instead of keeping a copy of each message.</summary>
    public Action? OnMessageOnly { get; set; }

    public List<(ulong Stream, ulong Sequence, byte[] Payload, bool IsLast)> Messages { get; } = [];

    public List<StreamEnd> Ends { get; } = [];

    public List<Undelivered> Reports { get; } = [];

    public List<ulong> WritableStreams { get; } = [];

    public void OnMessage(in ReceivedMessage message)
    {
        if (OnMessageOnly is { } callback)
        {
            callback();
            return;
        }

        Messages.Add((message.Stream, message.Sequence, message.Payload.ToArray(), message.IsLast));
        OnReceived?.Invoke();
    }

    public void OnStreamEnd(in StreamEnd end) => Ends.Add(end);

    public void OnWritable(uint node, ulong stream) => WritableStreams.Add(stream);

    public void OnUndelivered(in Undelivered report) => Reports.Add(report);

    public void Dispose()
    {
        Node.Dispose();
        _resolver.Dispose();
    }
}
