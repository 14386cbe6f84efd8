using System.Net;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Rdma;

namespace FastForward.Tests.Transports;

/// <summary>
/// An RDMA listener that accepts one connection with any opening and any number of receives, and sends any bytes: a
/// peer that breaks the protocol. <see cref="Step"/> does its work.
/// </summary>
internal sealed unsafe class RawRdmaPeer : IDisposable
{
    private const int Room = 16_384;

    private readonly RdmaEventChannel _channel = new();
    private readonly RdmaId _listener;
    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(Room, 4096);
    private readonly byte[] _opening;
    private readonly int _receives;
    private readonly Stack<NativeObject> _made = new();
    private RdmaId? _connection;
    private MemoryRegion? _region;

    /// <param name="address">Where it listens.</param>
    /// <param name="port">Its port.</param>
    /// <param name="opening">The private data of its acceptance.</param>
    /// <param name="receives">The receives that it posts, once.</param>
    public RawRdmaPeer(string address, int port, byte[] opening, int receives)
    {
        _opening = opening;
        _receives = receives;
        LibC.Control(_channel.Descriptor, LibC.F_SETFL, LibC.O_NONBLOCK);
        _listener = RdmaId.Create(_channel, 1, out int error) ?? throw new IOException(LibC.Describe(error));
        Span<byte> local = stackalloc byte[RdmaAddress.Length];
        RdmaAddress.WriteIp(IPAddress.Parse(address), port, local);
        fixed (byte* start = local)
        {
            if (RdmaCm.Bind(_listener.View, start) != 0 || RdmaCm.Listen(_listener.View, 1) != 0)
                throw new IOException(LibC.Describe(LibC.LastError));
        }
    }

    public bool IsConnected { get; private set; }

    public void Step()
    {
        RdmaCm.Event* taken;
        while (RdmaCm.GetEvent(_channel.Pointer, &taken) == 0)
        {
            RdmaCm.Event copy = *taken;
            RdmaCm.AcknowledgeEvent(taken);
            if (copy.Type == RdmaCm.RDMA_CM_EVENT_CONNECT_REQUEST)
                Accept(copy.Id);
            else if (copy.Type == RdmaCm.RDMA_CM_EVENT_ESTABLISHED)
                IsConnected = true;
        }
    }

    /// <summary>Sends a message as it is.</summary>
    public void Send(ReadOnlySpan<byte> message)
    {
        message.CopyTo(new Span<byte>(_memory + (Room / 2), Room / 2));
        IbVerbs.ScatterGatherEntry entry = new()
        {
            Address = (ulong)(_memory + (Room / 2)),
            Length = (uint)message.Length,
            LocalKey = _region!.LocalKey,
        };
        IbVerbs.SendRequest request = new()
        {
            Entries = &entry,
            EntryCount = 1,
            Operation = IbVerbs.IBV_WR_SEND,
            Flags = IbVerbs.IBV_SEND_SIGNALED,
        };
        Assert.That(IbVerbs.PostSend(_connection!.View->QueuePair, &request), Is.Zero);
    }

    public void Dispose()
    {
        _connection?.Dispose();
        while (_made.TryPop(out NativeObject? made))
            made.Dispose();
        _listener.Dispose();
        _channel.Dispose();
        NativeMemory.AlignedFree(_memory);
    }

    private void Accept(RdmaCm.Id* id)
    {
        _connection = RdmaId.Accepted(_channel, id, 2);
        ProtectionDomain domain = Keep(new ProtectionDomain(id->Context));
        _region = Keep(new MemoryRegion(domain, _memory, Room));
        CompletionQueue queue = Keep(new CompletionQueue(id->Context, 256, Keep(new CompletionChannel(id->Context))));
        IbVerbs.QueuePairParameters parameters = new()
        {
            Type = IbVerbs.IBV_QPT_RC,
            Capacity = new IbVerbs.Capacity
            {
                SendRequests = 16,
                ReceiveRequests = 128,
                SendEntries = 1,
                ReceiveEntries = 1,
            },
        };
        Assert.That(_connection.CreateQueuePair(domain, queue, &parameters), Is.Zero);
        for (int i = 0; i < _receives; i++)
        {
            IbVerbs.ScatterGatherEntry entry = new()
            {
                Address = (ulong)_memory,
                Length = Room / 2,
                LocalKey = _region.LocalKey,
            };
            IbVerbs.ReceiveRequest request = new() { Entries = &entry, EntryCount = 1 };
            Assert.That(IbVerbs.PostReceive(id->QueuePair, &request), Is.Zero);
        }

        fixed (byte* data = _opening)
        {
            RdmaCm.ConnectionParameters accepted = new()
            {
                Data = data,
                DataLength = (byte)_opening.Length,
                ReceiverNotReadyRetryCount = 6,
            };
            Assert.That(RdmaCm.Accept(id, &accepted), Is.Zero);
        }
    }

    private T Keep<T>(T made)
        where T : NativeObject
    {
        Assert.That(made.IsInvalid, Is.False);
        _made.Push(made);
        return made;
    }
}
