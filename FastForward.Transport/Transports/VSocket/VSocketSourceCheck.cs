using System.Net;
using FastForward.Transport.Addressing;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>
/// Compares the context id that the kernel vouches for with those of a peer's routes. On vSockets it is the only proof
/// of identity, so a peer without a vSocket route is refused as well: there is nothing to compare with.
/// </summary>
/// <param name="family">Reads this machine's context id.</param>
internal sealed class VSocketSourceCheck(IVSocketFamily family)
{
    private const long ReadIntervalMicros = 1_000_000;

    private uint? _ownCid;
    private long _nextRead = long.MinValue;

    /// <summary>See <see cref="IForwardTransport.FindSourceMismatch"/>.</summary>
    /// <param name="routed">The end points of the peer's routes.</param>
    /// <param name="contextId">The context id of the peer's machine, where the kernel names one.</param>
    /// <param name="now">Loop time in microseconds.</param>
    public string? Find(IReadOnlyList<EndPoint> routed, uint? contextId, long now)
    {
        if (contextId is not { } cid)
            return "it came by vSocket, and the kernel does not say from which machine";
        uint? expected = null;
        for (int i = 0; i < routed.Count; i++)
        {
            if (routed[i] is not VSocketEndPoint endPoint)
                continue;
            if (VSocketMachine.IsSame(cid, endPoint.Cid, ReadOwnCid(now)))
                return null;
            expected ??= endPoint.Cid;
        }

        return expected is { } other
            ? $"it came by vSocket from context id {cid}, and its route names context id {other}"
            : $"it came by vSocket from context id {cid}, "
                + "and no row of type FORWARD_TRANSPORT_VSOCKET says that it is there";
    }

    // The number changes when the machine migrates to another host. Strangers can cause this call, so the device is
    // read at most once a second. When it cannot be read (no descriptor left), the last known number is used.
    private uint? ReadOwnCid(long now)
    {
        if (now < _nextRead)
            return _ownCid;
        _nextRead = now + ReadIntervalMicros;
        return _ownCid = family.ReadOwnCid() ?? _ownCid;
    }
}
