using System.Net;
using System.Net.NetworkInformation;
using FastForward.Transport.Loop;

namespace FastForward.Transport.Node;

/// <summary>
/// The IP addresses of this machine. Handshakes of strangers cause the question, so the interfaces are read at most
/// every ten seconds.
/// </summary>
internal sealed class OwnAddresses(ForwardLoop loop)
{
    private const long ReadIntervalMicros = 10_000_000;

    private HashSet<IPAddress> _addresses = [];
    private long _nextRead = long.MinValue;

    public bool Contains(IPAddress address)
    {
        if (IPAddress.IsLoopback(address))
            return true;
        if (loop.NowMicros >= _nextRead)
        {
            _nextRead = loop.NowMicros + ReadIntervalMicros;
            _addresses = Read() ?? _addresses;
        }

        return _addresses.Contains(address);
    }

    private static HashSet<IPAddress>? Read()
    {
        try
        {
            return
            [
                .. NetworkInterface
                    .GetAllNetworkInterfaces()
                    .SelectMany(static device => device.GetIPProperties().UnicastAddresses)
                    .Select(static unicast => unicast.Address),
            ];
        }
        catch (NetworkInformationException)
        {
            return null; // for example no descriptor is left: the last known addresses stay
        }
    }
}
