using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Logging;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Transport.Transports.Rdma;

/// <content>Listeners, devices, and what their descriptors show.</content>
internal sealed unsafe partial class RdmaPort
{
    private const ulong EventToken = 0;
    private const ulong NotificationToken = 1UL << 32;
    private const ulong DeviceToken = 2UL << 32;
    private const int LongestBurst = 16;

    // 4.096 us * 2^16 = 268 ms (InfiniBand Architecture Specification, volume 1, section 9.7.6.1.3). With the retries a
    // machine that is gone is noticed after two seconds, or some more; the session notices it earlier, by its probes.
    // On soft devices the processors of the peer acknowledge, which takes long when they are busy.
    private const byte AcknowledgementTimeout = 16;

    private LogGate _refusals;
    private LogGate _hints;
    private LogGate _failures;

    /// <summary>The device of a connection; sets it up when it came after the start.</summary>
    public RdmaDevice? FindDevice(IbVerbs.Context* context, out string? problem)
    {
        problem = null;
        foreach (RdmaDevice device in _devices)
        {
            if (device.Context == context)
                return device;
        }

        try
        {
            return AddDevice(context);
        }
        catch (IOException exception)
        {
            problem = exception.Message;
            return null;
        }
    }

    /// <summary>Writes the own address that connections come from, where one was chosen.</summary>
    public bool TryWriteSource(ReadOnlySpan<byte> destination, Span<byte> target)
    {
        AddressFamily family =
            MemoryMarshal.Read<ushort>(destination) == LibC.AF_INET
                ? AddressFamily.InterNetwork
                : AddressFamily.InterNetworkV6;
        foreach (IPAddress address in _options.Addresses)
        {
            if (address.AddressFamily != family || IpAddresses.IsAny(address))
                continue;
            RdmaAddress.WriteIp(address, 0, target);
            return !RdmaAddress.IsInfiniBand(destination);
        }

        return false;
    }

    /// <summary>The kernel has chosen the device and the own address of an outbound link.</summary>
    public void Resolved(RdmaLink link, RdmaId id)
    {
        // Kernels before 5.2 keep their own time-out.
        byte timeout = AcknowledgementTimeout;
        RdmaCm.SetOption(id.View, RdmaCm.RDMA_OPTION_ID, RdmaCm.RDMA_OPTION_ID_ACK_TIMEOUT, &timeout, sizeof(byte));
        IPEndPoint? source = RdmaAddress.Read(&id.View->Source);
        IPEndPoint? destination = RdmaAddress.Read(&id.View->Destination);
        if (source is null || destination is null || !source.Address.Equals(destination.Address))
            return;
        if (_hints.TryPass(Loop.NowMicros, out _))
            RdmaLog.SameMachine(_logger, link.RemoteEndPoint);
    }

    public override void StopAccepting()
    {
        Loop.VerifyAccess();
        StopListening();
        _openings.DropInbound();
    }

    private int Sweep()
    {
        _sweep = false;
        int work = 0;
        int events = _epoll.Wait(0);
        for (int i = 0; i < events; i++)
        {
            ulong token = _epoll[i].Token;
            int index = (int)(uint)token;
            if (token == EventToken)
                work += TakeEvents();
            else if (index >= _devices.Count)
                continue;
            else if ((token & NotificationToken) != 0)
                _devices[index].TakeNotifications();
            else
                TakeDeviceEvents(_devices[index]);
        }

        _openings.Schedule();
        return work;
    }

    private int TakeEvents()
    {
        Span<byte> data = stackalloc byte[byte.MaxValue];
        int count = 0;
        RdmaCm.Event* taken;
        while (count < LongestBurst && RdmaCm.GetEvent(_channel.Pointer, &taken) == 0)
        {
            count++;

            // An id cannot be destroyed before its events are acknowledged, so all that is needed is copied first.
            RdmaCm.Event copy = *taken;
            int length = copy.Data == null ? 0 : copy.DataLength;
            new ReadOnlySpan<byte>(copy.Data, length).CopyTo(data);
            RdmaCm.AcknowledgeEvent(taken);
            if (copy.Type == RdmaCm.RDMA_CM_EVENT_CONNECT_REQUEST)
                OnRequest(copy.Id, data[..length]);
            else if (_channels.TryGetValue((uint)copy.Id->Owner, out RdmaChannel? channel))
                OnEvent(channel, copy, data[..length]);
        }

        if (count == LongestBurst)
            _sweep = true;
        return count;
    }

    private void OnEvent(RdmaChannel channel, in RdmaCm.Event happened, ReadOnlySpan<byte> data)
    {
        if (channel.Link is { } link)
            link.OnEvent(happened.Type, happened.Status, data);
        else if (happened.Type is RdmaCm.RDMA_CM_EVENT_DISCONNECTED or RdmaCm.RDMA_CM_EVENT_DEVICE_REMOVAL)
            _departures.Hurry(channel);
    }

    private void OnRequest(RdmaCm.Id* requested, ReadOnlySpan<byte> data)
    {
        RdmaId id = RdmaId.Accepted(_channel, requested, ++_lastKey);
        IPEndPoint from = RdmaAddress.Read(&requested->Destination) ?? new IPEndPoint(IPAddress.None, 1);
        string? problem = RdmaOpening.Read(data, out RdmaOpening opening);
        if (problem is not null)
        {
            Refuse(id, from, OpeningStatus.Welcome, new LinkClosure(LinkCloseReason.ProtocolViolation, 0, problem));
            return;
        }

        if (_openings.Inbound >= _options.MaxPendingOpens)
            _openings.DropOneInbound();
        RdmaDevice? device = FindDevice(requested->Context, out problem);
        byte* memory = device is null ? null : _slab.Take();
        if (memory == null)
        {
            problem ??= $"the limit of {_options.MaxLinks} RDMA links is reached";
            Refuse(id, from, OpeningStatus.Full, new LinkClosure(LinkCloseReason.OpenTimeout, 0, problem));
            return;
        }

        RdmaChannel channel = Add(new RdmaChannel(id, _lastKey, _slab, memory, _sizes));
        NewLink(channel, new RdmaEndPoint(from.Address.ToString(), Math.Max(1, from.Port)), from.Address)
            .Accept(device!, opening);
    }

    private void Refuse(RdmaId id, IPEndPoint from, OpeningStatus status, in LinkClosure closure)
    {
        Span<byte> answer = stackalloc byte[RdmaOpening.Length];
        (
            OwnOpening with
            {
                Packet = OwnOpening.Packet with { Status = status, Detail = (uint)_options.MaxLinks },
            }
        ).Write(answer);
        fixed (byte* start = answer)
        {
            // Who does not speak this protocol gets no answer of it.
            bool answers = status != OpeningStatus.Welcome;
            RdmaCm.Reject(id.View, answers ? start : null, answers ? (byte)answer.Length : (byte)0);
        }

        id.Dispose();
        _statistics.Ended(closure.Reason, opened: false);
        Report(from.Address, closure);
    }

    private void Report(IPAddress? from, in LinkClosure closure)
    {
        if (
            closure.Reason
            is not (LinkCloseReason.NotPermitted or LinkCloseReason.ProtocolViolation or LinkCloseReason.OpenTimeout)
        )
            return;
        if (_refusals.TryPass(Loop.NowMicros, out long held))
            ConnectionLog.InboundRefused(_logger, from?.ToString() ?? "an unknown peer", closure.ToString(), held);
    }

    private void TakeDeviceEvents(RdmaDevice device)
    {
        // Other nodes of this process share the device, and may have taken the event: none of these is relied upon.
        IbVerbs.AsynchronousEvent taken;
        for (int i = 0; i < LongestBurst && IbVerbs.GetAsynchronousEvent(device.Context, &taken) == 0; i++)
        {
            int type = taken.Type;
            bool isOwnQueue = taken.Element == device.Queue.Pointer;
            IbVerbs.AcknowledgeAsynchronousEvent(&taken);
            bool hasFailed = type == IbVerbs.IBV_EVENT_DEVICE_FATAL || (type == IbVerbs.IBV_EVENT_CQ_ERR && isOwnQueue);
            if (!hasFailed)
                continue;
            if (_failures.TryPass(Loop.NowMicros, out _))
                RdmaLog.DeviceFailed(_logger, device.Name, type);
            for (int index = _links.Count - 1; index >= 0; index--)
            {
                if (_links[index].IsOf(device))
                    _links[index]
                        .CloseWith(
                            new LinkClosure(LinkCloseReason.Failed, Errno.EIO, $"the device {device.Name} has failed")
                        );
            }
        }
    }

    private void AddDevices()
    {
        int count;
        IbVerbs.Context** contexts = RdmaCm.GetDevices(&count);
        if (contexts == null || count == 0)
            throw new IOException($"no RDMA device can be opened: {LibC.Describe(LibC.LastError)}");
        try
        {
            for (int i = 0; i < count; i++)
                AddDevice(contexts[i]);
        }
        finally
        {
            RdmaCm.FreeDevices(contexts);
        }
    }

    private RdmaDevice AddDevice(IbVerbs.Context* context)
    {
        RdmaDevice device = RdmaDevice.Create(context, _slab, _sizes, _options.MaxLinks);
        ulong index = (ulong)_devices.Count;
        _devices.Add(device);
        _epoll.Add(device.Descriptor, LibC.EPOLLIN, NotificationToken | index);
        if (!_epoll.TryAdd(device.EventDescriptor, LibC.EPOLLIN, DeviceToken | index, out int error))
            throw new IOException($"the events of {device.Name} cannot be watched: {LibC.Describe(error)}");
        if (device.MaxLinks < _options.MaxLinks)
            RdmaLog.FewerLinks(_logger, device.Name, device.MaxLinks, _options.MaxLinks);
        return device;
    }

    private void Listen()
    {
        List<EndPoint> local = [];
        Span<byte> bytes = stackalloc byte[RdmaAddress.Length];
        foreach (IPAddress address in _options.Addresses)
        {
            RdmaId id = RdmaId.Create(_channel, ++_lastKey, out int error) ?? throw ListenFailure(address, error);
            _listeners.Add(id);
            RdmaAddress.WriteIp(address, _options.Port, bytes);
            int only = 1;
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                RdmaCm.SetOption(id.View, RdmaCm.RDMA_OPTION_ID, RdmaCm.RDMA_OPTION_ID_AFONLY, &only, sizeof(int));
            fixed (byte* target = bytes)
            {
                if (RdmaCm.Bind(id.View, target) != 0 || RdmaCm.Listen(id.View, _options.Backlog) != 0)
                    error = LibC.LastError;
            }

            // A kernel without IPv6 listens on IPv4 alone, unless an address was chosen.
            bool isSpare = address.Equals(IPAddress.IPv6Any) && _options.Addresses.Count > 1;
            if (error is Errno.EAFNOSUPPORT or Errno.EADDRNOTAVAIL && isSpare)
                continue;
            if (error != 0)
                throw ListenFailure(address, error);
            local.Add(new RdmaEndPoint(address.ToString(), _options.Port));
        }

        LocalEndPoints = local;
    }

    private IOException ListenFailure(IPAddress address, int error) =>
        new(
            error switch
            {
                Errno.EADDRINUSE => $"another process listens at {address}, RDMA port {_options.Port}, "
                    + "as rdma resource show cm_id shows: choose another port, or stop it",
                Errno.EADDRNOTAVAIL or Errno.ENODEV => $"{address} is not an address of a network interface that "
                    + "belongs to an RDMA device (rdma link)",
                Errno.EACCES => $"no permission to listen at RDMA port {_options.Port}: "
                    + "ports up to 1023 need CAP_NET_BIND_SERVICE",
                _ => $"listening at {address}, RDMA port {_options.Port}, failed: {LibC.Describe(error)}",
            }
        );

    private void StopListening()
    {
        foreach (RdmaId listener in _listeners)
            listener.Dispose();
        _listeners.Clear();
    }
}
