using FastForward.Transport;

namespace FastForward.Tests.Traffic;

/// <summary>A node that a <see cref="TrafficSource"/> sends from: a simulated or a real one.</summary>
internal interface ITrafficNode
{
    Journal Journal { get; }

    SendResult Send(uint to, ulong stream, MessageClass messageClass, ReadOnlySpan<byte> payload, bool end);

    SendStatus ResetStream(uint to, ulong stream, uint code);
}
