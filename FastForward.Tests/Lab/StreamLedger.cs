using System.Buffers.Binary;
using FastForward.Transport;

namespace FastForward.Tests.Lab;

/// <summary>What became of each place of one real-time stream, by what the receiver was given and told.</summary>
internal sealed class StreamLedger
{
    private readonly List<bool> _wasDelivered = [];

    /// <summary>Places of which the receiver knows by now, delivered or told lost.</summary>
    public int Known => _wasDelivered.Count;

    /// <summary>How many of the first <paramref name="places"/> were delivered.</summary>
    public int DeliveredOf(int places) => _wasDelivered.Take(places).Count(static delivered => delivered);

    /// <summary>Takes a message; its number is its content. It must stand directly behind what is known.</summary>
    public void Take(in ReceivedMessage message)
    {
        Assert.That(
            message.Sequence,
            Is.EqualTo((ulong)Known + message.SkippedBefore),
            $"stream {message.Stream}: {Known} places were known and {message.SkippedBefore} told lost"
        );
        Assert.That(
            BinaryPrimitives.ReadUInt64LittleEndian(message.Payload),
            Is.EqualTo(message.Sequence),
            $"stream {message.Stream}: the content belongs to another place"
        );
        for (ulong i = 0; i < message.SkippedBefore; i++)
            _wasDelivered.Add(false);
        _wasDelivered.Add(true);
    }
}
