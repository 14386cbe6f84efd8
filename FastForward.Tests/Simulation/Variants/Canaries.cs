namespace FastForward.Tests.Simulation.Variants;

/// <summary>
/// Planted defects. Each is so subtle that most worlds do not notice it: one that every world finds says nothing about
/// the simulation.
/// </summary>
internal static class Canaries
{
    public static IReadOnlyList<Canary> All { get; } =
    [
        Of(
            "the replay window is one packet too long",
            "ReplayWindow.cs",
            "Next - number > Size)",
            "Next - number > Size + 1)"
        ),
        Of(
            "the last message is taken again on another path",
            "Receiver.cs",
            "        if (step < 0)\n        {\n            _statistics.Duplicate();",
            "        if (step < 0 && !(isOrdered && step == -1 && (uint)stream.Expected == 2))\n        {\n"
                + "            _statistics.Duplicate();"
        ),
        Of(
            "refused messages keep their credit",
            "Sender.cs",
            "stream.IsEnded = true;\n        ReturnUnusedCredit(stream, creditUsed);",
            "stream.IsEnded = true;"
        ),
        Of(
            "a lost grant is not repeated",
            "Receiver.Acknowledgements.cs",
            "case SentKind.Credit:\n",
            "case SentKind.Credit when _unacknowledged > 0:\n"
        ),
        Of(
            "grants are not repeated when a path ends",
            "Peer.Paths.cs",
            "            return;\n        _association.Receiver.RepeatGrants(now);",
            "            return;"
        ),
        Of(
            "the end of a stream expires with its message",
            "Sender.RealTime.cs",
            "bool isEnd = message.IsEnd;\n        Release",
            "bool isEnd = message.IsEnd && message.Repeats < 3;\n        Release"
        ),
        Of(
            "a message that is sent again forgets its age",
            "FrameBuilder.cs",
            "now - message.AcceptedAt + message.Waited",
            "(message.Repeats > 2 ? 0 : now - message.AcceptedAt) + message.Waited"
        ),
        Of(
            "a packet older than the window is acknowledged unseen",
            "Recovery/AckSchedule.cs",
            "received.Next - number <= ReplayWindow.Size &&",
            "received.Next - number <= ReplayWindow.Size + 64 &&"
        ),
        Of(
            "a handshake of an association that has ended joins",
            "Peer.Handshake.cs",
            "if (isNew && path.PeerIncarnation == KnownIncarnation &&",
            "if (!isNew && path.PeerIncarnation == KnownIncarnation &&"
        ),
        Of(
            "the sequence of a reset does not wrap",
            "Receiver.cs",
            "int step = (int)(sequence - (uint)stream.Expected);",
            "long step = (long)sequence - (uint)stream.Expected;"
        ),
        Of(
            "the timer of acknowledgements stays due while the link is full",
            "SessionPath.Data.cs",
            "return recovery.Due;",
            "return Math.Min(recovery.Due, acks.Due);"
        ),
        Of(
            "what has arrived on one path counts on the next",
            "SendStream.cs",
            "            message.Arrived.Clear();",
            "            _ = message;"
        ),
        Of(
            "a growing message loses a byte",
            "PartialMessage.cs",
            "_buffer.AsSpan(0, _extent)",
            "_buffer.AsSpan(0, _extent - (_extent / 2048))"
        ),
        Of(
            "what a time-out sent again on another path is awaited",
            "Recovery/LossRecovery.cs",
            "        _mayProbe = false; // what",
            "        // what"
        ),
        Of(
            "a reset is dropped on a weaker path",
            "Peer.cs",
            "((MessageBits)element.Bits & MessageBits.RealTime) != 0",
            "element.Body.Length > 0"
        ),
        Of(
            "a long gap of a real-time stream is counted too short",
            "Receiver.cs",
            "Deliver(stream, sequence, message.IsEnd, (ulong)step, message.Payload);",
            "Deliver(stream, sequence, message.IsEnd, Math.Min((ulong)step, 20), message.Payload);"
        ),
        Of(
            "an evicted stream opens again",
            "Receiver.cs",
            "            End(_streams.Oldest!, StreamEndReason.Evicted, 0, 0);",
            "            _streams.Remove(_streams.Oldest!);"
        ),
    ];

    private static Canary Of(string name, string file, string text, string replacement) =>
        new(name, new Substitution("FastForward.Transport/Session/" + file, text, replacement));
}
