using System.Net;
using FastForward.Transport.Session;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <content>Routes by host name.</content>
internal sealed partial class PeerConnector
{
    private HostEntry? _watched;

    private bool IsAwaitingName => _watched is { } name && name.IsAwaitedAt(_loop.NowMicros);

    private void Watch(EndPoint? endPoint)
    {
        if (_watched is not null)
            _watched.Completed -= OnNameCompleted;
        _watched = endPoint is DnsEndPoint name ? _names.Find(name.Host) : null;
        if (_watched is not null)
            _watched.Completed += OnNameCompleted;
    }

    private void OnNameCompleted()
    {
        if (_watched!.Failure is null && !Peer.HasPath(Route!.Row.Transport))
            _nextAttempt = _loop.NowMicros;
        Evaluate();
    }

    private void ConnectTo(DnsEndPoint endPoint, IForwardTransport transport)
    {
        HostEntry name = _names.Find(endPoint.Host);
        if (name.IsAwaitedAt(_loop.NowMicros))
            return;
        if (name.Addresses.FirstOrDefault(address => IsUsable(address, transport)) is { } address)
        {
            Connect(transport, new IPEndPoint(address, endPoint.Port));
            return;
        }

        Peer.Notify(PeerEventKind.Unusable, transport.Kind, $"host name \"{name.Name}\": {name.WhyNone}");
        BackOff();
    }

    private static bool IsUsable(IPAddress address, IForwardTransport transport) =>
        !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.IPv6Any)
        && transport.LocalEndPoints.Any(local => local.AddressFamily == address.AddressFamily);
}
