using System.Globalization;
using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Node;

/// <summary>
/// Decides by routes and options who may be which node. On media where the kernel identifies the user or the machine,
/// that counts; over IP the source must be an address of one of the node's rows, whatever their table.
/// </summary>
internal sealed class RouteAdmission(
    ForwardNodeOptions options,
    OverrideResolver routes,
    TransportSet transports,
    HostNames names,
    OwnAddresses own
) : IAdmission
{
    /// <summary>The node is stopping: every handshake is rejected.</summary>
    public bool IsClosed { get; set; }

    public Admission Evaluate(uint node, uint keyId, TransportKind kind, bool hostLocal, in LinkSource source)
    {
        if (IsClosed)
            return Admission.Refused(RejectReason.Stopping);
        if (keyId != 0)
            return Admission.Granted;
        if (DemandsKey(node))
            return IsLikely(node, kind, hostLocal, source)
                ? Admission.Refused(RejectReason.KeyRequired)
                : Admission.Ignored;
        if (FindIdentityMismatch(node, kind, source) is not null)
            return Admission.Refused(RejectReason.WrongSource);
        if (kind is TransportKind.Socket or TransportKind.VSocket)
            return Admission.Granted;
        return hostLocal || options.AllowUnkeyedNetwork
            ? EvaluateAddress(node, kind, hostLocal, source)
            : Admission.Refused(RejectReason.KeyRequired);
    }

    /// <summary>The node must prove a key, on every path.</summary>
    public bool DemandsKey(uint node) => routes.Find(node) is { KeyId: not 0 } || options.RequiresKey(node);

    public bool IsLikely(uint node, TransportKind kind, bool hostLocal, in LinkSource source) =>
        FindIdentityMismatch(node, kind, source) is null
        && (
            kind is TransportKind.Socket or TransportKind.VSocket
            || EvaluateAddress(node, kind, hostLocal, source).IsGranted
        );

    public string? Explain(uint node, RejectReason reason, TransportKind kind, in LinkSource source) =>
        reason switch
        {
            RejectReason.KeyRequired when DemandsKey(node) => string.Create(
                CultureInfo.InvariantCulture,
                $"it connects without a key by {Medium(kind)} from {source}, and this node demands one "
                    + $"({WhyKeyDemanded(node)})"
            ),
            RejectReason.KeyRequired =>
                "it connects from another machine without a key, which this node does not allow",
            RejectReason.WrongSource when FindIdentityMismatch(node, kind, source) is { } mismatch => mismatch,
            RejectReason.WrongSource when source.Port == 0 =>
                $"it came by {Medium(kind)} from port 0, which cannot be answered",
            RejectReason.WrongSource => $"it came by {Medium(kind)} from {source}, and no row of type "
                + "FORWARD_TRANSPORT_IP or FORWARD_TRANSPORT_RDMA says that it is there",
            _ => null,
        };

    private string WhyKeyDemanded(uint node) =>
        routes.Find(node) is { KeyId: not 0 and uint keyId }
            ? string.Create(CultureInfo.InvariantCulture, $"its row names key {keyId}")
            : "require-key";

    /// <summary>
    /// Why the user or machine that the kernel reports cannot be the node, as a text; null when it can, and on media
    /// that report neither.
    /// </summary>
    public string? FindIdentityMismatch(uint node, TransportKind kind, in LinkSource source) =>
        transports
            .Find(kind)
            ?.FindSourceMismatch(node, routes.Find(node)?.EndPoints ?? [], source.UserId, source.ContextId);

    private Admission EvaluateAddress(uint node, TransportKind kind, bool hostLocal, in LinkSource source)
    {
        if (!source.HasAddress)
            return Admission.Granted; // a medium of the application's own, without addresses
        if (source.Port == 0)
            return Admission.Refused(RejectReason.WrongSource);
        // Who connects by RDMA does so from any port.
        bool comparesPort = kind == TransportKind.Ip && (hostLocal || own.Contains(source.Address));
        bool isUndecided = false;
        foreach (EndPoint endPoint in routes.Find(node)?.EndPoints ?? [])
        {
            bool? isThere = endPoint switch
            {
                IPEndPoint ip => source.IsAt(ip, comparesPort),
                DnsEndPoint name => IsAt(source, name.Host, name.Port, comparesPort),
                LinkLocalEndPoint linkLocal => linkLocal.Resolve() is { } ip && source.IsAt(ip, comparesPort),
                RdmaEndPoint { HostName: { } name } rdma => IsAt(source, name, rdma.Port, comparesPort),
                RdmaEndPoint rdma => rdma.ToIPEndPoint() is { } ip && source.IsAt(ip, comparesPort),
                _ => false,
            };
            if (isThere == true)
                return Admission.Granted;
            isUndecided |= isThere is null;
        }

        return isUndecided ? Admission.Undecided : Admission.Refused(RejectReason.WrongSource);
    }

    private static string Medium(TransportKind kind) =>
        kind switch
        {
            TransportKind.Ip => "IP",
            TransportKind.Rdma => "RDMA",
            TransportKind.Socket => "UNIX socket",
            _ => "vSocket",
        };

    // Null while the name is being resolved for the first time.
    private bool? IsAt(in LinkSource source, string host, int port, bool comparesPort)
    {
        if (IPAddress.TryParse(host, out IPAddress? address))
            return source.IsAt(new IPEndPoint(address, port), comparesPort);
        IReadOnlyList<IPAddress> addresses = names.Find(host).Addresses;
        foreach (IPAddress candidate in addresses)
        {
            if (source.IsAt(new IPEndPoint(candidate, port), comparesPort))
                return true;
        }

        return addresses.Count == 0 ? null : false;
    }
}
