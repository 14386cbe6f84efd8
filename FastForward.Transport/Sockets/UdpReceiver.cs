using System.Net.Sockets;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;

namespace FastForward.Transport.Sockets;

/// <summary>
/// A loop source for any number of <see cref="UdpSocket"/>s: hands what arrives to one handler, up to 64 datagrams per
/// system call. A single socket is read directly; several are first asked, by one epoll instance, which of them have
/// something.
/// </summary>
/// <remarks>
/// <para>Belongs to the thread of its loop. Attach it with <see cref="ForwardLoop.Add(ILoopSource)"/>, detach it before
/// <see cref="Dispose"/>. It does not own its sockets.</para>
/// <para>The handler may add and remove sockets, also the one that it is called for. A removed socket is not reported
/// again; datagrams already taken from it are dropped.</para>
/// <para>Allocates nothing per datagram. Its buffer reserves 4 MiB of address space and occupies what datagrams touch
/// of it.</para>
/// </remarks>
public sealed class UdpReceiver : ILoopSource, IDisposable
{
    private const int ReadySockets = 64;
    private const int SharedBurst = 16;

    private readonly IUdpHandler _handler;
    private readonly DatagramReceiveBatch _batch = new(UdpSocket.MaxDatagramBytes);
    private readonly Epoll _epoll = new(ReadySockets);
    private readonly List<UdpSocket?> _slots = [];
    private readonly Stack<int> _freeSlots = [];
    private readonly Dictionary<UdpSocket, int> _slotOf = [];
    private UdpSocket? _current;

    /// <summary>Creates a receiver without sockets.</summary>
    /// <param name="handler">Receives the datagrams.</param>
    public UdpReceiver(IUdpHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _handler = handler;
    }

    /// <summary>The sockets it has.</summary>
    public int Count => _slotOf.Count;

    int ILoopSource.Descriptor => _epoll.Number;

    /// <summary>Adds a socket.</summary>
    /// <param name="socket">The socket; remove it before it is disposed.</param>
    /// <exception cref="IOException">A limit of the system is reached (<c>fs.epoll.max_user_watches</c>).</exception>
    public void Add(UdpSocket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (_slotOf.ContainsKey(socket))
            throw new ArgumentException("The socket was added before.", nameof(socket));
        if (!_freeSlots.TryPop(out int slot))
        {
            slot = _slots.Count;
            _slots.Add(null);
        }

        if (!_epoll.TryAdd(socket.Descriptor.Number, LibC.EPOLLIN, (ulong)slot, out int error))
        {
            _freeSlots.Push(slot);
            throw new IOException($"epoll_ctl: {LibC.Describe(error)}");
        }

        _slots[slot] = socket;
        _slotOf.Add(socket, slot);
    }

    /// <summary>Removes a socket, before it is disposed. Does nothing when it is not here.</summary>
    /// <param name="socket">The socket.</param>
    public void Remove(UdpSocket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (!_slotOf.Remove(socket, out int slot))
            return;
        _epoll.Remove(socket.Descriptor.Number);
        _slots[slot] = null;
        _freeSlots.Push(slot);
        if (_current == socket)
            _current = null;
    }

    int ILoopSource.Poll(int budget)
    {
        // Left over from a cycle in which the handler threw.
        int done = Dispatch();
        if (_slotOf.Count == 1)
        {
            foreach (UdpSocket only in _slotOf.Keys)
                return done + Receive(only, budget - done);
        }

        if (_slotOf.Count == 0)
            return done;
        int ready = _epoll.Wait(0);
        for (int i = 0; i < ready && done < budget; i++)
        {
            if (_slots[(int)_epoll[i].Token] is { } socket)
                done += Receive(socket, Math.Min(budget - done, SharedBurst));
        }

        return done;
    }

    bool ILoopSource.Arm() => _current is not null && _batch.HasMore;

    void ILoopSource.Disarm() { }

    /// <summary>Frees the buffer. The sockets stay open.</summary>
    public void Dispose()
    {
        _current = null;
        _epoll.Dispose();
        _batch.Dispose();
    }

    private int Receive(UdpSocket socket, int budget)
    {
        int done = 0;
        while (done < budget)
        {
            int asked = Math.Min(budget - done, DatagramReceiveBatch.Capacity);
            int received = _batch.Receive(socket.Descriptor, asked);
            if (received < 0)
            {
                SocketError error = UdpError.OfLastCall();
                if (error == SocketError.Interrupted)
                    continue;
                if (error != SocketError.WouldBlock)
                {
                    done++;
                    _handler.OnError(socket, error);
                }

                return done;
            }

            _current = socket;
            done += Dispatch();
            if (received < asked || !_slotOf.ContainsKey(socket))
                return done;
        }

        return done;
    }

    private int Dispatch()
    {
        int done = 0;
        while (_current is { } socket && _batch.TryTake(out DatagramReceiveBatch.Datagram datagram))
        {
            done++;
            _handler.OnDatagram(socket, datagram.Frame, new UdpAddress(datagram.Source));
        }

        _current = null;
        return done;
    }
}
