using System.Globalization;
using System.Net;
using FastForward.Transport;

namespace FastForward.Host.Demo;

/// <summary>
/// What a node sees of the delivery of real-time messages, from one look at it to the next: the longest time without
/// any, and the paths that its own messages took. Used on the loop thread.
/// </summary>
internal sealed class DeliveryWatch
{
    private readonly List<string> _paths = [];
    private TimeSpan _lastArrival;
    private TimeSpan _longest;
    private long _skipped;
    private long _late;

    /// <summary>A message came. Sixteen talkers leave a few milliseconds between two real-time ones.</summary>
    public void Arrived(MessageClass messageClass, TimeSpan now)
    {
        if (messageClass != MessageClass.RealTime)
            return;
        if (_lastArrival > TimeSpan.Zero && now - _lastArrival > _longest)
            _longest = now - _lastArrival;
        _lastArrival = now;
    }

    /// <summary>Something has changed in the connection to the peer.</summary>
    public void Moved(PeerStatus? peer)
    {
        if (peer?.PathInUse is not { } path)
            return;
        string name = NameOf(path);
        if (_paths.Count == 0 || _paths[^1] != name)
            _paths.Add(name);
    }

    /// <summary>Ends what is watched, and begins anew on the present path.</summary>
    public DeliveryWindow Take(PeerStatus? peer, TimeSpan now)
    {
        Moved(peer);
        if (_lastArrival > TimeSpan.Zero && now - _lastArrival > _longest)
            _longest = now - _lastArrival;
        DeliveryWindow window = new(
            _longest.TotalMicroseconds,
            [.. _paths],
            (peer?.SkippedMessages ?? _skipped) - _skipped,
            (peer?.LateMessages ?? _late) - _late,
            peer?.SentTwice ?? 0,
            peer?.RescuedMessages ?? 0
        );
        _longest = TimeSpan.Zero;
        if (_paths.Count > 1)
            _paths.RemoveRange(0, _paths.Count - 1);
        _skipped = peer?.SkippedMessages ?? _skipped;
        _late = peer?.LateMessages ?? _late;
        return window;
    }

    // The local address tells the paths over IP apart: all lead to the relay.
    private static string NameOf(PathStatus path) =>
        (path.Transport, path.LocalEndPoint) switch
        {
            (TransportKind.Ip, IPEndPoint local) => $"UDP {local.Address}",
            (TransportKind.Ip, _) => "UDP",
            (TransportKind.Socket, _) => path.SharedMemory ? "SOCKET (memory)" : "SOCKET",
            _ => path.Transport.ToString().ToUpper(CultureInfo.InvariantCulture),
        };
}
