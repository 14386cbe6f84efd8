using System.Runtime.InteropServices;
using FastForward.Benchmarks.CrossProcess;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Workloads;
using Microsoft.Win32.SafeHandles;

namespace FastForward.Benchmarks.Bottleneck;

/// <summary>
/// Forwards IP packets between two TUN devices on a thread of its own. From near to far there is a rate with a queue in
/// front, which holds one product of rate and round trip and drops what comes while it is full; both directions have
/// half the round trip as delay.
/// </summary>
internal sealed unsafe partial class NarrowRouter : IDisposable
{
    private const int LargestPacket = 2048;
    private const long LongestSleep = 20_000_000;
    private const short POLLIN = 1;

    private readonly double _bytesPerNano;
    private readonly long _delay;
    private readonly long _queueBytes;
    private readonly Thread _thread;
    private readonly Queue<Packet> _toFar = new();
    private readonly Queue<Packet> _toNear = new();
    private readonly Stack<byte[]> _free = new();
    private long _freeAt;
    private long _passed;
    private long _drops;
    private volatile bool _isOver;
    private Exception? _failure;

    /// <param name="open">Opens the two devices, one for each namespace.</param>
    /// <param name="bytesPerSecond">The rate.</param>
    /// <param name="delayNanos">The delay of each direction.</param>
    public NarrowRouter(Func<(SafeFileHandle Near, SafeFileHandle Far)> open, double bytesPerSecond, long delayNanos)
    {
        _bytesPerNano = bytesPerSecond / 1e9;
        _delay = delayNanos;
        _queueBytes = (long)(_bytesPerNano * 2 * delayNanos);
        _thread = new Thread(() => Run(open)) { IsBackground = true, Name = "router" };
        _thread.Start();
    }

    /// <summary>Bytes of the packets that have passed the bottleneck.</summary>
    public long PassedBytes => Volatile.Read(ref _passed);

    /// <summary>Packets that the queue has dropped.</summary>
    public long Drops => Volatile.Read(ref _drops);

    public void ThrowOnFailure()
    {
        if (_failure is { } failure)
            throw new BenchmarkFailure($"the router failed: {failure.Message}");
    }

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
    }

    private void Run(Func<(SafeFileHandle Near, SafeFileHandle Far)> open)
    {
        try
        {
            Scheduling.SetTimerSlack();
            (SafeFileHandle near, SafeFileHandle far) = open();
            using (near)
            using (far)
                Forward((int)near.DangerousGetHandle(), (int)far.DangerousGetHandle());
        }
        catch (Exception exception)
        {
            _failure = exception;
        }
    }

    private void Forward(int near, int far)
    {
        PollDescriptor* descriptors = stackalloc PollDescriptor[2];
        long* time = stackalloc long[2];
        while (!_isOver)
        {
            descriptors[0] = new PollDescriptor(near, POLLIN);
            descriptors[1] = new PollDescriptor(far, POLLIN);
            long due = Math.Min(DueOf(_toFar), DueOf(_toNear));
            (time[0], time[1]) = (0, Math.Clamp(due - Clock.Now, 0, LongestSleep));
            int ready = Poll(descriptors, 2, time, null);
            long now = Clock.Now;
            if (ready > 0 && descriptors[0].Returned != 0)
                TakeFromNear(near, now);
            if (ready > 0 && descriptors[1].Returned != 0 && Read(far) is { Length: > 0 } packet)
                _toNear.Enqueue(packet with { Due = now + _delay });
            SendDue(_toFar, far, now);
            SendDue(_toNear, near, now);
        }
    }

    private void TakeFromNear(int near, long now)
    {
        Packet packet = Read(near);
        if (packet.Length <= 0)
            return;
        _freeAt = Math.Max(_freeAt, now);
        if (((_freeAt - now) * _bytesPerNano) + packet.Length > _queueBytes)
        {
            Volatile.Write(ref _drops, _drops + 1);
            _free.Push(packet.Memory);
            return;
        }

        _freeAt += (long)(packet.Length / _bytesPerNano);
        Volatile.Write(ref _passed, _passed + packet.Length);
        _toFar.Enqueue(packet with { Due = _freeAt + _delay });
    }

    private Packet Read(int device)
    {
        byte[] memory = _free.TryPop(out byte[]? free) ? free : new byte[LargestPacket];
        fixed (byte* bytes = memory)
            return new Packet(memory, (int)Read(device, bytes, LargestPacket), 0);
    }

    private void SendDue(Queue<Packet> queue, int device, long now)
    {
        while (queue.TryPeek(out Packet packet) && packet.Due <= now)
        {
            queue.Dequeue();
            fixed (byte* bytes = packet.Memory)
                _ = Write(device, bytes, (nuint)packet.Length); // what the kernel refuses is lost
            _free.Push(packet.Memory);
        }
    }

    private static long DueOf(Queue<Packet> queue) => queue.TryPeek(out Packet packet) ? packet.Due : long.MaxValue / 2;

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static partial int Poll(PollDescriptor* descriptors, nuint count, long* time, void* signals);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, byte* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, byte* bytes, nuint length);

    private readonly record struct Packet(byte[] Memory, int Length, long Due);
}
