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
            "        if (step < 0 && !(isOrdered && step == -1 && (uint)stream.Expected == 7))\n        {\n"
                + "            _statistics.Duplicate();"
        ),
        Of(
            "refused messages keep their credit while others wait for some",
            "Sender.cs",
            "stream.IsEnded = true;\n        ReturnUnusedCredit(stream, creditUsed);",
            "stream.IsEnded = true;\n        if (_waitingReliable.Count == 0 || stream.Acknowledged % 2 == 0)\n"
                + "            ReturnUnusedCredit(stream, creditUsed);"
        ),
        new(
            "a lost grant is not repeated",
            Substitute(
                "Receiver.Acknowledgements.cs",
                "case SentKind.Credit:\n",
                "case SentKind.Credit when _creditPending || _acks.Count == 0:\n"
            ),
            Substitute(
                "Receiver.Acknowledgements.cs",
                "        ScheduleCredit(now, cost); // also",
                "        if (cost > 0)\n            ScheduleCredit(now, cost); // also"
            )
        ),
        Of(
            "the end of a stream expires with its message",
            "Sender.RealTime.cs",
            "bool isEnd = message.IsEnd;\n        Release",
            "bool isEnd = message.IsEnd && (message.Repeats < 3 || message.Length % 2 == 0);\n        Release"
        ),
        Of(
            "no time is left to release what is held",
            "Receiver.RealTime.cs",
            "        Schedule(now, stream);\n    }\n\n    private void SkipTo",
            "        if (order.Held.Count > 0 || stream.Expected % 64 != 25)\n"
                + "            Schedule(now, stream);\n    }\n\n    private void SkipTo"
        ),
        Of(
            "a message that is sent again forgets its age",
            "FrameBuilder.cs",
            "message.AgeAt(now)",
            "message.AgeAt(message.Repeats > 1 && message.IsEnd && message.Length < 40 ? message.AcceptedAt : now)"
        ),
        Of(
            "a packet that was refused is acknowledged",
            "ReplayWindow.cs",
            "_refused[IndexOf(number)] |= BitOf(number);",
            "_refused[IndexOf(number)] |= BitOf(number % 64 == 63 && number > 64 ? number - 1 : number);"
        ),
        Of(
            "a handshake of an association that has ended joins",
            "Peer.Handshake.cs",
            "if (isNew && path.PeerIncarnation == KnownIncarnation &&",
            "if (isNew && path.PeerIncarnation == KnownIncarnation && path.PeerIncarnation == 0 &&"
        ),
        Of(
            "the sequence of a reset does not wrap",
            "Receiver.cs",
            "(int)(sequence - (uint)stream.Expected) is >= 0 and int step",
            "(sequence == 0 && stream.CreditUsed % 4 == 1 ? 0L - (uint)stream.Expected"
                + " : (int)(sequence - (uint)stream.Expected)) is >= 0 and long step"
        ),
        Of(
            "the timer of acknowledgements stays due while the link is full",
            "SessionPath.Data.cs",
            "return recovery.Due;",
            "return recovery.Spurious > 3 && recovery.InFlight == 0 ? Math.Min(recovery.Due, acks.Due) : recovery.Due;"
        ),
        Of(
            "what a path had in flight is awaited after its end",
            "Peer.Paths.cs",
            "path.Recovery?.LoseAll(now);",
            "_ = now;"
        ),
        Of(
            "a long gap of a real-time stream is counted too short",
            "Receiver.RealTime.cs",
            "ulong skipped = order.Skipped;",
            "ulong skipped = Math.Min(order.Skipped, 40);"
        ),
    ];

    private static Canary Of(string name, string file, string text, string replacement) =>
        new(name, Substitute(file, text, replacement));

    private static Substitution Substitute(string file, string text, string replacement) =>
        new("FastForward.Transport/Session/" + file, text, replacement);
}
