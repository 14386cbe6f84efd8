namespace FastForward.Transport.Session;

/// <summary>
/// The order of epochs: serial numbers (RFC 1982) without 0, so that a peer that asks for the highest one does not use
/// them up.
/// </summary>
internal static class EpochOrder
{
    /// <summary>The epoch after another; 1 after 0, which stands for "none".</summary>
    public static uint After(uint epoch) => epoch == uint.MaxValue ? 1 : epoch + 1;

    /// <summary>Whether an epoch comes after another. Any comes after 0.</summary>
    public static bool IsNewer(uint epoch, uint other) => other == 0 ? epoch != 0 : (int)(epoch - other) > 0;

    public static uint Newest(uint epoch, uint other) => IsNewer(epoch, other) ? epoch : other;
}
