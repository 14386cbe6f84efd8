using FastForward.Transport.Registry;
using FastForward.Transport.Session;

namespace FastForward.Transport.Node;

/// <summary>Decides by routes and options who may open an association with this node.</summary>
internal sealed class RouteAdmission(ForwardNodeOptions options, OverrideResolver routes, TransportSet transports)
    : IAdmission
{
    public bool IsClosed { get; set; }

    public uint RequiredKey(uint node) => routes.Find(node)?.KeyId ?? 0;

    public bool AllowsUnkeyed(TransportKind kind) =>
        kind is TransportKind.Socket or TransportKind.VSocket || options.AllowUnkeyedIp;

    public string? FindSourceMismatch(uint node, TransportKind kind, uint? contextId) =>
        transports.Find(kind)?.FindSourceMismatch(routes.Find(node)?.EndPoints ?? [], contextId);
}
