using System.Globalization;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// Whether two nodes of different releases understand each other, and if not, the words for it on both sides.
/// </summary>
internal static class Compatibility
{
    /// <summary>Why a handshake cannot be answered; null when it can.</summary>
    /// <param name="handshake">An INIT or RESPONSE.</param>
    /// <param name="capabilities">The capabilities of this node.</param>
    public static RejectReason? FindReason(in Handshake handshake, ulong capabilities) =>
        handshake.IsOfLaterVersion ? RejectReason.Version
        : handshake.UnknownTo(capabilities) != 0 ? RejectReason.Unsupported
        : null;

    /// <summary>Why this node refuses a handshake; null for other reasons than these.</summary>
    public static string? ExplainOwn(RejectReason reason, in Handshake handshake, ulong capabilities) =>
        reason switch
        {
            RejectReason.Version =>
                $"it connects with version {handshake.Version} of the protocol, {OwnVersion} only: update this node",
            RejectReason.Unsupported =>
                $"it requires {Name(handshake.UnknownTo(capabilities))}, which this node does not know: "
                    + "update this node",
            _ => null,
        };

    /// <summary>Why the peer refused a handshake of this node.</summary>
    public static string Explain(in Reject reject)
    {
        if (reject.Reason == RejectReason.Unsupported)
            return $"this node requires {Name(reject.UnknownCapabilities)}, which it does not know: update that one";
        string older = reject.HighestVersion > WireFormat.Version ? "this node" : "that one";
        return $"it speaks version {reject.HighestVersion} of the protocol only, {OwnVersion}: update {older}";
    }

    private static string OwnVersion => $"this node speaks version {WireFormat.Version}";

    private static string Name(uint features) =>
        string.Create(CultureInfo.InvariantCulture, $"the features 0x{features:x8}");
}
