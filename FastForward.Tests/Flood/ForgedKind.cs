using System.Buffers.Binary;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Flood;

/// <summary>One kind of datagram that proves nothing, made of what was sent before.</summary>
/// <param name="Name">What it is.</param>
/// <param name="AsCaller">It comes from the place of the caller, otherwise from elsewhere.</param>
/// <param name="Make">Makes it of what the relay has carried.</param>
/// <param name="Counted">Where the node counts it.</param>
internal sealed record ForgedKind(
    string Name,
    bool AsCaller,
    Func<FloodRelay, byte[]> Make,
    Func<FloodCounts, long> Counted
)
{
    private const int PacketNumber = 8;
    private const int KeyId = 12;

    /// <summary>Whether each one is to have another packet number.</summary>
    public bool IsNumbered { get; private init; }

    public static IReadOnlyList<ForgedKind> All { get; } =
    [
        new("noise", false, static _ => Noise(), static counts => counts.Strangers),
        new("unknown index", false, static relay => Changed(relay.Data, 4), static counts => counts.Strangers),
        new("wrong tag, from elsewhere", false, static relay => relay.Data, static counts => counts.Strangers)
        {
            IsNumbered = true,
        },
        new("wrong tag", true, static relay => relay.Data, static counts => counts.Forged) { IsNumbered = true },
        new("replay", true, static relay => relay.Data, static counts => counts.Replayed),
        new(
            "unknown generation",
            true,
            static relay => Changed(relay.Data, WireFormat.Generation),
            static counts => counts.Forged
        )
        {
            IsNumbered = true,
        },
        new("INIT, unknown key", false, static relay => Changed(relay.Init, KeyId), static c => c.ForgedHandshakes),
        new(
            "INIT, wrong hash",
            false,
            static relay => Changed(relay.Init, relay.Init.Length - 1),
            static counts => counts.ForgedHandshakes
        ),
        new("INIT, replayed", false, static relay => relay.Init, static counts => counts.Strangers),
    ];

    /// <summary>Gives a frame a packet number that no genuine one has.</summary>
    public static void Number(Span<byte> frame, long number) =>
        BinaryPrimitives.WriteUInt64LittleEndian(frame[PacketNumber..], 1_000_000_000 + (ulong)number);

    private static byte[] Noise()
    {
        byte[] noise = new byte[100];
        new Random(1).NextBytes(noise);
        return noise;
    }

    private static byte[] Changed(byte[] frame, int place)
    {
        byte[] changed = [.. frame];
        changed[place] ^= 0x55;
        return changed;
    }
}
