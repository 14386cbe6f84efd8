using System.Buffers.Binary;
using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>
/// Compares the messages that the nodes of a world accepted with those delivered and those reported as undelivered:
/// nothing is duplicated or reordered, and no reliable message is lost without a report.
/// </summary>
internal sealed class Ledger(string world)
{
    private readonly List<(SimulatedNode From, uint To, ulong Stream, MessageClass Class, int Size)> _sent = [];

    /// <summary>Sends a message that contains its number, and records it.</summary>
    public SendResult Send(
        SimulatedNode from,
        uint to,
        ulong stream,
        MessageClass messageClass,
        int size,
        bool end = false
    )
    {
        byte[] payload = new byte[Math.Max(size, sizeof(ulong))];
        Fill(payload, (ulong)_sent.Count);
        SendResult result = from.Send(to, stream, messageClass, payload, end);
        if (result.IsAccepted)
            _sent.Add((from, to, stream, messageClass, payload.Length));
        return result;
    }

    public void Check(IReadOnlyList<SimulatedNode> everyone)
    {
        HashSet<ulong> seen = [];
        foreach (SimulatedNode receiver in everyone)
        {
            Dictionary<(SimulatedNode, ulong), ulong> last = [];
            foreach (
                (uint From, ulong Stream, ulong Sequence, ulong Skipped, byte[] Payload) message in receiver
                    .Recorder
                    .Messages
            )
            {
                ulong number = BinaryPrimitives.ReadUInt64LittleEndian(message.Payload);
                (SimulatedNode? from, uint to, ulong stream, MessageClass _, int size) = _sent[(int)number];
                Assert.That(
                    (from.Id, to, stream),
                    Is.EqualTo((message.From, receiver.Id, message.Stream)),
                    $"{world}: message {number} was delivered to the wrong node or stream"
                );
                byte[] whole = new byte[size];
                Fill(whole, number);
                Assert.That(
                    message.Payload.AsSpan().SequenceEqual(whole),
                    Is.True,
                    $"{world}: message {number} of stream {stream} was corrupted"
                );
                Assert.That(
                    seen.Add(number),
                    Is.True,
                    $"{world}: message {number} of stream {stream} was delivered twice"
                );
                Assert.That(
                    number,
                    Is.GreaterThanOrEqualTo(last.GetValueOrDefault((from, stream))),
                    $"{world}: stream {stream} was reordered"
                );
                last[(from, stream)] = number;
            }
        }

        IEnumerable<(
            (SimulatedNode From, uint To, ulong Stream, MessageClass Class, int Size) sent,
            ulong number
        )> reliable = _sent
            .Select(static (sent, number) => (sent, number: (ulong)number))
            .Where(static entry => entry.sent.Class == MessageClass.Reliable && !entry.sent.From.IsDead);
        foreach (
            IGrouping<
                (SimulatedNode From, uint To, ulong Stream),
                ((SimulatedNode From, uint To, ulong Stream, MessageClass Class, int Size) sent, ulong number)
            > stream in reliable.GroupBy(static entry => (entry.sent.From, entry.sent.To, entry.sent.Stream))
        )
        {
            long reported = stream
                .Key.From.Recorder.Reports.Where(report =>
                    report.Node == stream.Key.To && report.Stream == stream.Key.Stream
                )
                .Sum(static report => (long)report.Count);
            long delivered = stream.Count(entry => seen.Contains(entry.number));
            Assert.That(
                delivered + reported,
                Is.GreaterThanOrEqualTo(stream.Count()),
                $"{world}: node {stream.Key.From.Id} stream {stream.Key.Stream} lost a message without a report"
            );
        }
    }

    // The number, then bytes that depend on message and offset.
    private static void Fill(Span<byte> payload, ulong number)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(payload, number);
        for (int i = sizeof(ulong); i < payload.Length; i++)
            payload[i] = (byte)((number * 31) + (ulong)(i * 7) + (ulong)(i >> 8));
    }
}
