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
    private int _signalled;

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
        if (Volatile.Read(ref _sleeping) == 0)
            return;
        ulong one = 1;
        try
        {
            LibC.Write(_event, &one, sizeof(ulong)); // EAGAIN means that a wake-up is pending already
            Volatile.Write(ref _signalled, 1); // after it: whoever takes the flag back reads what was written
        }
        catch (ObjectDisposedException)
        {
            // The loop ended between the look at its flag and the call: nobody is there to be woken.
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
        Volatile.Write(ref _sleeping, 0);
        // Most sleeps end by somebody else's descriptor. What is written around this look cuts the next sleep short,
        // once.
        if (Volatile.Read(ref _signalled) == 0)
            return;
        Volatile.Write(ref _signalled, 0);
        ulong count;
        LibC.Read(_event, &count, sizeof(ulong));
    }

    public void Dispose() => _event.Dispose();
}
