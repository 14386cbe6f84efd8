namespace FastForward.Transport.Session;

/// <summary>
/// The order of epochs: serial numbers (RFC 1982) without 0. They wrap around, so that a peer that proposes the highest
/// number does not exhaust them.
/// </summary>
internal static class EpochOrder
{
    /// <summary>The next epoch. 0 stands for "none"; the next one is 1.</summary>
    public static uint After(uint epoch) => epoch == uint.MaxValue ? 1 : epoch + 1;

    /// <summary>Whether an epoch is newer than another. Every epoch is newer than 0.</summary>
    public static bool IsNewer(uint epoch, uint other) => other == 0 ? epoch != 0 : (int)(epoch - other) > 0;

    public static uint Newest(uint epoch, uint other) => IsNewer(epoch, other) ? epoch : other;
}
