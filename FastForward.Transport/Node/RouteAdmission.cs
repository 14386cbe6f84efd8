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
    HostNames names
) : IAdmission
{
    /// <summary>The node is stopping: every handshake is rejected.</summary>
    public bool IsClosed { get; set; }

    public Admission Evaluate(uint node, uint keyId, TransportKind kind, bool hostLocal, in LinkSource source)
    {
        if (IsClosed)
            return Admission.Refused(RejectReason.Stopping, null);
        NodeRoutes? known = routes.Find(node);
        uint required = known?.KeyId ?? 0;
        if (keyId != 0 || required != 0)
            return Admission.Refused(
                RejectReason.KeyNotSupported,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"keys are not supported yet: the route demands key {required}, the peer offers key {keyId}"
                )
            );
        if (FindIdentityMismatch(node, kind, source) is { } mismatch)
            return Admission.Refused(RejectReason.WrongSource, mismatch);
        if (kind is TransportKind.Socket or TransportKind.VSocket)
            return Admission.Granted;
        if (!hostLocal && !options.AllowUnkeyedIp)
            return Admission.Refused(
                RejectReason.KeyRequired,
                "it connects from another machine without a key, which this node does not allow"
            );
        return EvaluateAddress(known, source);
    }

    /// <summary>
    /// Why the user or machine that the kernel reports cannot be the node, as a text; null when it can, and on media
    /// that report neither.
    /// </summary>
    public string? FindIdentityMismatch(uint node, TransportKind kind, in LinkSource source) =>
        transports
            .Find(kind)
            ?.FindSourceMismatch(node, routes.Find(node)?.EndPoints ?? [], source.UserId, source.ContextId);

    private Admission EvaluateAddress(NodeRoutes? known, in LinkSource source)
    {
        if (source.EndPoint is null)
            return Admission.Granted; // a medium of the application's own, without addresses
        bool isUndecided = false;
        foreach (EndPoint endPoint in known?.EndPoints ?? [])
        {
            (string? host, int port) = endPoint switch
            {
                IPEndPoint ip => (ip.Address.ToString(), ip.Port),
                DnsEndPoint name => (name.Host, name.Port),
                LinkLocalEndPoint linkLocal => (linkLocal.Resolve()?.Address.ToString(), linkLocal.Port),
                RdmaEndPoint rdma => (rdma.Host, rdma.Port),
                _ => (null, 0),
            };
            if (host is null)
                continue;
            IReadOnlyList<IPAddress> addresses = AddressesOf(host);
            if (addresses.Count == 0)
                isUndecided = true;
            else if (IsAmong(source, addresses, port))
                return Admission.Granted;
        }

        return isUndecided
            ? Admission.Undecided
            : Admission.Refused(
                RejectReason.WrongSource,
                $"it came by IP from {source}, and no row of type FORWARD_TRANSPORT_IP says that it is there"
            );
    }

    // None while the name is being resolved for the first time.
    private IReadOnlyList<IPAddress> AddressesOf(string host) =>
        IPAddress.TryParse(host, out IPAddress? address) ? [address] : names.Find(host).Addresses;

    private static bool IsAmong(in LinkSource source, IReadOnlyList<IPAddress> addresses, int port)
    {
        foreach (IPAddress address in addresses)
        {
            if (source.IsAt(new IPEndPoint(address, port)))
                return true;
        }

        return false;
    }
}
