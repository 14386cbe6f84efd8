namespace FastForward.Tests.Simulation.Variants;

/// <summary>
/// Limits and first numbers with which small worlds reach what takes hours otherwise: credit of a few kilobytes, 256
/// remembered frames, and epochs, sequences and credit that begin shortly before their 32 bits do again.
/// </summary>
internal static class SmallLimits
{
    private const string Session = "FastForward.Transport/Session/";
    private const string First = "4294967290";
    private const string AfterReset = $"{First}ul + (sequence - {First}) + 1";
    private const string FirstCredit = "4294966000ul";

    public static IReadOnlyList<Substitution> All { get; } =
    [
        new(Session + "Wire/WireFormat.cs", "InitialStreamCredit = 256 << 10", "InitialStreamCredit = 8 << 10"),
        new(
            Session + "Wire/WireFormat.cs",
            "InitialAssociationCredit = 1 << 20",
            "InitialAssociationCredit = 16 << 10"
        ),
        new(Session + "Recovery/SentFrames.cs", "MaxFrames = 16_384", "MaxFrames = 256"),
        new(
            Session + "Peers.cs",
            "_formerEpochs.GetValueOrDefault(node)",
            "_formerEpochs.GetValueOrDefault(node, uint.MaxValue - 1)"
        ),
        .. First64("SendStream.cs", "NextSequence"),
        .. First64("SendStream.cs", "Acknowledged"),
        .. First64("SendStream.cs", "Written"),
        .. First64("ReceiveStream.cs", "Expected"),
        .. FirstOfCredit("SendStream.cs"),
        .. FirstOfCredit("ReceiveStream.cs"),
        new(
            Session + "Receiver.RealTime.cs",
            "stream.Expected == 0 ? message.Sequence",
            $"stream.Expected == {First} ? message.Sequence - {First}"
        ),
        new(
            Session + "Receiver.cs",
            "new EndedStream((ulong)sequence + 1, (ulong)sequence + 1, 0)",
            $"new EndedStream({AfterReset}, {AfterReset}, {FirstCredit})"
        ),
        new(
            Session + "Receiver.cs",
            "_ended.Add(id, default)",
            $"_ended.Add(id, new EndedStream({First}, {First}, {FirstCredit}))"
        ),
        new(Session + "OutgoingMessage.cs", "Sequence == 0 ?", $"Sequence == {First} ?"),
        new("FastForward.Tests/Traffic/Ledger.cs", "FirstSequence = 0", $"FirstSequence = {First}"),
    ];

    private static IEnumerable<Substitution> First64(string file, string property) =>
        [new(Session + file, $"ulong {property} {{ get; set; }}", $"ulong {property} {{ get; set; }} = {First};")];

    private static IEnumerable<Substitution> FirstOfCredit(string file) =>
        [
            new(Session + file, "ulong CreditUsed { get; set; }", $"ulong CreditUsed {{ get; set; }} = {FirstCredit};"),
            new(
                Session + file,
                "= WireFormat.InitialStreamCredit;",
                $"= {FirstCredit} + WireFormat.InitialStreamCredit;"
            ),
        ];
}
