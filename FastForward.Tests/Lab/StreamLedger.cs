using System.Buffers.Binary;
using FastForward.Transport;

namespace FastForward.Tests.Lab;

/// <summary>
/// The outcome of each place of one real-time stream, from the messages and gaps that the receiver got.
/// </summary>
internal sealed class StreamLedger
{
    private readonly List<bool> _wasDelivered = [];

    /// <summary>Places that the receiver has accounted for: delivered or reported lost.</summary>
    public int Known => _wasDelivered.Count;

    /// <summary>How many of the first <paramref name="places"/> were delivered.</summary>
    public int DeliveredOf(int places) => _wasDelivered.Take(places).Count(static delivered => delivered);

    /// <summary>Adds a message, whose content is its number. It must directly follow the known places.</summary>
    public void Take(in ReceivedMessage message)
    {
        Assert.That(
            message.Sequence,
            Is.EqualTo((ulong)Known + message.SkippedBefore),
            $"stream {message.Stream}: {Known} places were known and {message.SkippedBefore} reported lost"
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
