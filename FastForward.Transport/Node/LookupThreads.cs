using System.Diagnostics;
using System.Net;

namespace FastForward.Transport.Node;

/// <summary>What is known of a name when its lookup is queued; decides who goes first.</summary>
internal enum LookupRank
{
    /// <summary>Its last lookup gave addresses.</summary>
    Resolved,

    /// <summary>It was not looked up before, or the resolver said at once that it has no address.</summary>
    Unknown,

    /// <summary>The resolver took long the last time.</summary>
    Slow,
}

/// <summary>The outcome of a lookup.</summary>
/// <param name="Addresses">The addresses, possibly none; null when there is a failure.</param>
/// <param name="Failure">What the resolver said; null when it gave addresses.</param>
/// <param name="WasSlow">The resolver took longer than one that is sound.</param>
internal readonly record struct LookupResult(IPAddress[]? Addresses, string? Failure, bool WasSlow);

/// <summary>
/// Runs the system's resolver on threads of its own. A call of getaddrinfo(3) cannot be ended: with a name server that
/// does not answer it keeps its thread for 10 s and more, so it never gets one of the thread pool, and the number of
/// threads is limited. Slow names get only some of the threads, so that the others do not wait for them. Any thread may
/// call.
/// </summary>
/// <param name="resolver">Returns the addresses of a name; may block.</param>
/// <param name="limit">How many calls may run at once.</param>
/// <param name="startThread">Starts a thread; null for <see cref="Thread.Start()"/>.</param>
internal sealed class LookupThreads(Func<string, IPAddress[]> resolver, int limit, Action<Thread>? startThread = null)
{
    // Names are resolved with NSS modules and buffers of libc on the stack.
    private const int StackBytes = 512 * 1024;

    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<Lookup, (LookupRank Rank, long Order)> _waiting = new();
    private long _order;
    private int _running;

    /// <summary>The threads of this process, with the system's resolver.</summary>
    public static LookupThreads Shared { get; } = new(Dns.GetHostAddresses, 32);

    /// <summary>Queues a lookup.</summary>
    /// <param name="name">The host name.</param>
    /// <param name="rank">What is known of the name.</param>
    /// <param name="completed">
    /// Called once, on one of the threads, or on the caller's when none can be started; must not block.
    /// </param>
    public void Start(string name, LookupRank rank, Action<LookupResult> completed)
    {
        lock (_gate)
            _waiting.Enqueue(new Lookup(name, completed), (rank, _order++));
        TryStartThread();
    }

    private void TryStartThread()
    {
        lock (_gate)
        {
            if (!IsNextAllowed())
                return;
            _running++;
        }

        Thread thread = new(Run, StackBytes) { IsBackground = true, Name = "FastForward lookup" };
        try
        {
            if (startThread is null)
                thread.Start();
            else
                startThread(thread);
        }
#pragma warning disable CA1031 // At a limit of threads or memory; reported as the reason.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail($"no thread can be started for the lookup: {exception.Message}");
        }
    }

    // The threads that run take what waits; without one it would wait for ever.
    private void Fail(string reason)
    {
        List<Lookup> failed = [];
        lock (_gate)
        {
            _running--;
            while (_running == 0 && _waiting.TryDequeue(out Lookup lookup, out _))
                failed.Add(lookup);
        }

        foreach (Lookup lookup in failed)
            lookup.Completed(new LookupResult(null, reason, WasSlow: false));
    }

    // One in eight threads is left to names that were resolved before, and half of them to names that are not slow.
    private bool IsNextAllowed() =>
        _waiting.TryPeek(out _, out (LookupRank Rank, long Order) next)
        && _running
            < next.Rank switch
            {
                LookupRank.Resolved => limit,
                LookupRank.Unknown => limit - (limit / 8),
                _ => limit / 2,
            };

    private void Run()
    {
        while (true)
        {
            Lookup lookup;
            lock (_gate)
            {
                _running--;
                if (!IsNextAllowed())
                    return;
                _running++;
                lookup = _waiting.Dequeue();
            }

            lookup.Completed(Resolve(lookup.Name));
        }
    }

    private LookupResult Resolve(string name)
    {
        long start = Stopwatch.GetTimestamp();
        IPAddress[]? addresses = null;
        string? failure = null;
        try
        {
            addresses = resolver(name);
        }
#pragma warning disable CA1031 // Reported as the reason; an exception here would end the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception.Message;
        }

        return new LookupResult(addresses, failure, Stopwatch.GetElapsedTime(start) >= s_slow);
    }

    private readonly record struct Lookup(string Name, Action<LookupResult> Completed);
}
