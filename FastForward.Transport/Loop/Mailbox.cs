using System.Collections.Concurrent;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Loop;

/// <summary>
/// Work handed to the loop by other threads. Posting costs a system call only when the loop sleeps: publish, full
/// fence, read the sleeping flag; the loop does the mirror image (raise the flag, full fence, look into the queue).
/// </summary>
internal sealed unsafe class Mailbox : ILoopSource, IDisposable
{
    private readonly ConcurrentQueue<Action> _queue = new();
    private readonly Descriptor _event;
    private readonly Action<Action> _run;
    private int _sleeping;
    private long _unread; // flags that other threads took and whose writes have not been read; for the loop thread

    public Mailbox(Action<Action> run)
    {
        _run = run;
        _event = new Descriptor(LibC.EventFd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK));
        if (_event.IsInvalid)
            throw new InvalidOperationException($"eventfd: {LibC.Describe(LibC.LastError)}");
    }

    public int Descriptor => _event.Number;

    public void Post(Action work)
    {
        _queue.Enqueue(work);
        Wake();
    }

    /// <summary>Makes a sleeping loop start a duty cycle.</summary>
    public void Wake()
    {
        Interlocked.MemoryBarrier();
        // One thread takes the flag of a sleep, and writes exactly once for it, sooner or later.
        if (Volatile.Read(ref _sleeping) == 0 || Interlocked.Exchange(ref _sleeping, 0) == 0)
            return;
        ulong one = 1;
        try
        {
            LibC.Write(_event, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended meanwhile: there is nothing to wake.
        }
    }

    public int Poll(int budget)
    {
        int done = 0;
        while (done < budget && _queue.TryDequeue(out Action? work))
        {
            done++;
            _run(work);
        }

        return done;
    }

    public bool Arm()
    {
        Volatile.Write(ref _sleeping, 1);
        Interlocked.MemoryBarrier();
        return !_queue.IsEmpty;
    }

    public void Disarm()
    {
        if (Interlocked.Exchange(ref _sleeping, 0) == 0)
            _unread++;
        // A thread that took the flag may not have written yet. Its write is read as soon as it is there: until then
        // the descriptor is not readable, and the loop can sleep.
        ulong count;
        if (_unread > 0 && LibC.Read(_event, &count, sizeof(ulong)) == sizeof(ulong))
            _unread -= (long)count;
    }

    public void Dispose() => _event.Dispose();
}
