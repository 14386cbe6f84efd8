using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Datagrams;
using FastForward.Transport.Transports.Links;

namespace FastForward.Transport.Transports.Ip;

/// <content>The way in: which socket is asked when, and whose a datagram is.</content>
public sealed partial class IpTransport
{
    // A socket without traffic costs a system call per poll, which doubles the cost of spinning on the busy one. While no
    // socket is busy they take turns.
    private const int QuietAfter = 64;
    private const int QuietPollInterval = 16;

    private int Work(ILinkSink sink, int budget)
    {
        long before = Statistics.FramesReceived;
        int work = Deliver(sink, budget); // what a sink that threw has left
        foreach (UdpSocket socket in _sockets)
        {
            if (socket.IsBlocked)
                socket.Flush();
            if (socket.HasRefusedLinks)
                socket.NotifyRefused();
        }

        work += _events.Dispatch(sink, budget - Math.Min(work, budget));
        int events = work;
        bool awoke = _awoke;
        _awoke = false;
        _polls++;
        uint count = (uint)_sockets.Length;
        bool anyBusy = AnyBusy();
        for (uint i = 0; i < count && work < budget; i++)
        {
            // Taking turns in going first, so that a flood over one family cannot starve the other.
            UdpSocket socket = _sockets[(i + (_polls % count)) % count];
            if (
                (awoke && work == events)
                || socket.QuietPolls < QuietAfter
                || (anyBusy ? _polls / count % QuietPollInterval == 0 : i == 0)
            )
                work += Receive(socket, sink, budget - work);
        }

        // Woken for nothing that can be received: then it was a report, which would wake us again.
        if (awoke && work == events)
        {
            foreach (UdpSocket socket in _sockets)
                socket.DrainErrors();
        }

        if (Statistics.FramesReceived != before)
            sink.BatchEnd(this);
        return work;
    }

    private bool AnyBusy()
    {
        foreach (UdpSocket socket in _sockets)
        {
            if (socket.QuietPolls < QuietAfter)
                return true;
        }

        return false;
    }

    // One system call. The number of datagrams it asks for doubles while it gets them and falls back to one when it does
    // not, so that a lone datagram is answered before the look that would find nothing after it.
    private int Receive(UdpSocket socket, ILinkSink sink, int budget)
    {
        if (_incoming!.HasMore)
            return 0;
        int wanted = Math.Min(budget, socket.Burst);
        int received = _incoming.Receive(socket.Descriptor, wanted);
        socket.Burst = received == wanted ? Math.Min(wanted * 2, DatagramReceiveBatch.Capacity) : 1;
        if (received > 0)
        {
            socket.QuietPolls = 0;
            _incomingSocket = socket;
            return Deliver(sink, budget);
        }

        socket.QuietPolls = Math.Min(socket.QuietPolls + 1, QuietAfter);
        if (LibC.LastError is Errno.EAGAIN or Errno.EINTR)
            return 0;
        Statistics.ReceiveFailed();
        socket.DrainErrors();
        return 1; // the next poll looks again
    }

    private int Deliver(ILinkSink sink, int budget)
    {
        int taken = 0;
        while (taken < budget && _incoming!.TryTake(out DatagramReceiveBatch.Datagram datagram))
        {
            taken++;
            if (datagram.IsTruncated)
                Statistics.TooLong();
            else if (datagram.Frame.Length < DatagramFrame.ShortestLength)
                Statistics.TooShort();
            else
                Deliver(sink, datagram);
        }

        return taken;
    }

    private void Deliver(ILinkSink sink, in DatagramReceiveBatch.Datagram datagram)
    {
        uint index = DatagramFrame.ReadIndex(datagram.Frame);
        ReadOnlySpan<byte> packetInfo = default;
        bool? loopback = null;
        if (_links.TryFind(index, out IpLink? link) && link.State == LinkState.Open && link.IsFrom(datagram.Source))
        {
            // What a link promises as host-local must not come in over a wire, whatever its source says.
            if (link.Traits.HostLocal)
            {
                packetInfo = ControlMessages.PacketInfo(datagram.Control, _incomingSocket!.IsV6);
                loopback = IpAddresses.StayedOnLoopback(datagram.Source, packetInfo);
            }

            if (loopback != false)
            {
                Statistics.Received(datagram.Frame.Length);
                sink.Frame(link, datagram.Frame);
                return;
            }
        }

        if (!_accepting)
        {
            Statistics.StrangerIgnored();
            return;
        }

        if (loopback is null)
        {
            packetInfo = ControlMessages.PacketInfo(datagram.Control, _incomingSocket!.IsV6);
            loopback = IpAddresses.StayedOnLoopback(datagram.Source, packetInfo);
        }

        Statistics.StrangerShown();
        sink.Stranger(this, new StrangerSource(datagram.Source, packetInfo, loopback.Value), datagram.Frame);
    }
}
