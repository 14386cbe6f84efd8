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
/// <para>Not thread-safe: it belongs to the thread of its loop. Attach it with
/// <see cref="ForwardLoop.Add(ILoopSource)"/>, detach it before <see cref="Dispose"/>. It does not own its
/// sockets.</para>
/// <para>The handler may add and remove sockets, also the one that it is called for, and dispose of the receiver. A
/// removed or disposed socket is not reported again; datagrams already taken from it are dropped.</para>
/// <para>Allocates nothing per datagram. Its buffer reserves 4 MiB of address space and occupies what datagrams touch
/// of it.</para>
/// </remarks>
public sealed class UdpReceiver : ILoopSource, IDisposable
{
    private const int ReadySockets = 64;
    private const int SharedBurst = 16;

    private readonly IUdpHandler _handler;
    private readonly Epoll _epoll = new(ReadySockets); // first: it may fail, and the batch needs a Dispose
    private readonly DatagramReceiveBatch _batch = new(UdpSocket.MaxDatagramBytes);
    private readonly List<UdpSocket?> _slots = [];
    private readonly Stack<int> _freeSlots = [];
    private readonly Dictionary<UdpSocket, int> _slotOf = [];
    private UdpSocket? _current;
    private bool _isPolling;
    private bool _isDisposed;

    /// <summary>Creates a receiver without sockets.</summary>
    /// <param name="handler">Receives the datagrams.</param>
    /// <exception cref="IOException">No descriptor is left.</exception>
    public UdpReceiver(IUdpHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _handler = handler;
    }

    /// <summary>The sockets it has.</summary>
    public int Count => _slotOf.Count;

    int ILoopSource.Descriptor => _epoll.Number;

    /// <summary>Adds a socket.</summary>
    /// <param name="socket">The socket, which stays the property of the caller.</param>
    /// <exception cref="IOException">A limit of the system is reached (<c>fs.epoll.max_user_watches</c>).</exception>
    /// <exception cref="ArgumentException">The socket was added before.</exception>
    /// <exception cref="ObjectDisposedException">The receiver or the socket was disposed.</exception>
    public void Add(UdpSocket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ObjectDisposedException.ThrowIf(socket.IsDisposed, socket);
        if (_slotOf.ContainsKey(socket))
            throw new ArgumentException("The socket was added before.", nameof(socket));
        bool isReused = _freeSlots.TryPeek(out int slot);
        if (!isReused)
            slot = _slots.Count;
        _epoll.Add(socket.Descriptor.Number, LibC.EPOLLIN, (ulong)slot);
        if (isReused)
            _freeSlots.Pop();
        else
            _slots.Add(null);
        _slots[slot] = socket;
        _slotOf.Add(socket, slot);
    }

    /// <summary>Removes a socket. Does nothing when it is not here.</summary>
    /// <param name="socket">The socket, open or disposed.</param>
    public void Remove(UdpSocket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (!_slotOf.Remove(socket, out int slot))
            return;
        _slots[slot] = null;
        _freeSlots.Push(slot);
        if (_current == socket)
            _current = null;
        if (!socket.IsDisposed)
            _epoll.Remove(socket.Descriptor.Number); // the kernel has removed a closed descriptor already (epoll(7))
    }

    int ILoopSource.Poll(int budget)
    {
        if (_isDisposed || _isPolling)
            return 0;
        _isPolling = true;
        try
        {
            return ReceiveAll(budget);
        }
        finally
        {
            _isPolling = false;
            if (_isDisposed)
                Release();
        }
    }

    bool ILoopSource.Arm() => _current is not null && _batch.HasMore;

    void ILoopSource.Disarm() { }

    /// <summary>
    /// Forgets its sockets, which stay open, and frees the buffer; inside a call of the handler, the buffer is
    /// freed when the running poll ends.
    /// </summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _current = null;
        _slotOf.Clear();
        _slots.Clear();
        _freeSlots.Clear();
        if (!_isPolling)
            Release();
    }

    private void Release()
    {
        _epoll.Dispose();
        _batch.Dispose();
    }

    private int ReceiveAll(int budget)
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
        for (int i = 0; i < ready && done < budget && !_isDisposed; i++)
        {
            if (_slots[(int)_epoll[i].Token] is { } socket)
                done += Receive(socket, Math.Min(budget - done, SharedBurst));
        }

        return done;
    }

    private int Receive(UdpSocket socket, int budget)
    {
        int done = 0;
        while (done < budget && !socket.IsDisposed)
        {
            int asked = Math.Min(budget - done, DatagramReceiveBatch.Capacity);
            int received = _batch.Receive(socket.Descriptor, asked);
            if (received < 0)
            {
                SocketError error = UdpError.OfLastCall();
                if (error == SocketError.Interrupted)
                    continue;
                if (error == SocketError.WouldBlock)
                    return done;
                _handler.OnError(socket, error);
                return done + 1;
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
        while (_current is { IsDisposed: false } socket && _batch.TryTake(out DatagramReceiveBatch.Datagram datagram))
        {
            done++;
            _handler.OnDatagram(socket, datagram.Frame, new UdpSource(datagram.Source, datagram.Control));
        }

        _current = null;
        return done;
    }
}
