using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// An epoll instance (epoll(7)), level-triggered. Each watched descriptor has a 64-bit token chosen by the owner, which
/// its events carry. Not thread-safe.
/// </summary>
internal sealed unsafe class Epoll : IDisposable
{
    // struct epoll_event is packed to 12 bytes on x86-64 and naturally aligned (16) elsewhere.
    private static readonly int s_stride = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int s_dataOffset = s_stride - sizeof(ulong);

    // glibc has epoll_pwait2 since 2.35 and Linux since 5.11; older systems wait in whole milliseconds.
    private static bool s_precise =
        NativeLibrary.TryLoad("libc.so.6", out nint libc) && NativeLibrary.TryGetExport(libc, "epoll_pwait2", out _);

    private readonly Descriptor _epoll;
    private readonly byte* _events;
    private readonly int _capacity;

    /// <param name="capacity">The number of events that one wait collects at most.</param>
    /// <exception cref="IOException">No descriptor or no memory is left.</exception>
    public Epoll(int capacity)
    {
        _epoll = new Descriptor(LibC.EpollCreate(LibC.EPOLL_CLOEXEC));
        if (_epoll.IsInvalid)
            throw new IOException(
                $"epoll_create1: {LibC.Describe(LibC.LastError)}; "
                    + "raise the limit of open descriptors (ulimit -n, LimitNOFILE)"
            );
        _capacity = capacity;
        _events = (byte*)NativeMemory.AllocZeroed((nuint)(capacity * 16));
    }

    /// <summary>The epoll instance's own descriptor: readable while any watched descriptor has an event.</summary>
    public int Number => _epoll.Number;

    /// <summary>Adds a descriptor.</summary>
    /// <exception cref="IOException">As with <see cref="TryAdd"/>.</exception>
    public void Add(int descriptor, uint interest, ulong token)
    {
        if (!TryAdd(descriptor, interest, token, out int error))
            throw new IOException(
                $"epoll_ctl on descriptor {descriptor}: {LibC.Describe(error)}; "
                    + "see fs.epoll.max_user_watches for the limit of the system"
            );
    }

    /// <summary>
    /// Adds a descriptor, which fails at the limits of the system (max_user_watches, memory; epoll(7)).
    /// </summary>
    public bool TryAdd(int descriptor, uint interest, ulong token, out int error)
    {
        error = TryControl(LibC.EPOLL_CTL_ADD, descriptor, interest, token);
        return error == 0;
    }

    public void Modify(int descriptor, uint interest, ulong token) =>
        Control(LibC.EPOLL_CTL_MOD, descriptor, interest, token);

    public void Remove(int descriptor) => Control(LibC.EPOLL_CTL_DEL, descriptor, 0, 0);

    /// <summary>Collects events.</summary>
    /// <param name="timeoutMicros">
    /// The longest wait in microseconds; 0 does not wait, a negative value has no limit.
    /// </param>
    /// <returns>The number of events; 0 on time-out and when a signal interrupts the wait.</returns>
    public int Wait(long timeoutMicros)
    {
        int count =
            timeoutMicros > 0 && s_precise
                ? WaitPrecise(timeoutMicros)
                : LibC.EpollWait(_epoll, _events, _capacity, WholeMilliseconds(timeoutMicros));
        if (count >= 0)
            return count;
        int error = LibC.LastError;
        if (error == Errno.EINTR)
            return 0;
        throw new InvalidOperationException($"epoll_wait: {LibC.Describe(error)}");
    }

    /// <summary>Event <paramref name="index"/> of the last <see cref="Wait"/>.</summary>
    public (uint Ready, ulong Token) this[int index]
    {
        get
        {
            byte* entry = _events + (index * s_stride);
            return (*(uint*)entry, *(ulong*)(entry + s_dataOffset));
        }
    }

    public void Dispose()
    {
        if (_epoll.IsClosed)
            return;
        _epoll.Dispose();
        NativeMemory.Free(_events);
    }

    private int WaitPrecise(long timeoutMicros)
    {
        LibC.Timespec timeout = new()
        {
            Seconds = timeoutMicros / 1_000_000,
            Nanoseconds = timeoutMicros % 1_000_000 * 1000,
        };
        int count = LibC.EpollWaitPrecise(_epoll, _events, _capacity, &timeout, null);
        if (count >= 0 || LibC.LastError != Errno.ENOSYS)
            return count;
        s_precise = false; // a libc newer than its kernel
        return LibC.EpollWait(_epoll, _events, _capacity, WholeMilliseconds(timeoutMicros));
    }

    // Rounded up: a wait that ends early would spin until the timer is due.
    private static int WholeMilliseconds(long micros) =>
        micros <= 0 ? (int)Math.Sign(micros) : (int)Math.Min((micros + 999) / 1000, int.MaxValue);

    private void Control(int operation, int descriptor, uint interest, ulong token)
    {
        int error = TryControl(operation, descriptor, interest, token);
        if (error != 0)
            throw new InvalidOperationException(
                $"epoll_ctl({operation}) on descriptor {descriptor}: {LibC.Describe(error)}"
            );
    }

    private int TryControl(int operation, int descriptor, uint interest, ulong token)
    {
        byte* entry = stackalloc byte[16];
        *(uint*)entry = interest;
        *(ulong*)(entry + s_dataOffset) = token;
        return LibC.EpollControl(_epoll, operation, descriptor, entry) == 0 ? 0 : LibC.LastError;
    }
}
