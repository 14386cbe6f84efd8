namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// The id of a work request: the key of its channel in the upper half, then whether it sends, then a number of 16
/// bits. It finds the channel of a completion: the number of a queue pair would be invalid in one that failed, and
/// may be used again by another queue pair.
/// </summary>
internal static class RdmaWorkId
{
    public const ulong Send = 1UL << 31;

    public static ulong OwnerOf(uint key) => (ulong)key << 32;

    public static uint KeyOf(ulong id) => (uint)(id >> 32);
}
