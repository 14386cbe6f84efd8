using System.Collections.Concurrent;
using System.Net;
using FastForward.Transport.Node;

namespace FastForward.Tests.Node;

/// <summary>
/// A resolver that answers the names that the test sets, and for all others blocks until it is disposed, as
/// getaddrinfo does for minutes with a name server that is silent.
/// </summary>
internal sealed class SilentResolver : IDisposable
{
    private readonly ManualResetEventSlim _released = new();
    private int _blocked;
    private int _mostBlocked;

    public SilentResolver(int threads = 8) => Threads = new LookupThreads(Resolve, threads);

    public LookupThreads Threads { get; }

    /// <summary>The names that are answered.</summary>
    public ConcurrentDictionary<string, IPAddress[]> Addresses { get; } = new();

    /// <summary>Every call, in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = [];

    public int Blocked => Volatile.Read(ref _blocked);

    public int MostBlocked => Volatile.Read(ref _mostBlocked);

    /// <summary>Ends the calls that block, as a failure.</summary>
    public void Dispose() => _released.Set();

    private IPAddress[] Resolve(string name)
    {
        Calls.Enqueue(name);
        if (Addresses.TryGetValue(name, out IPAddress[]? addresses))
            return addresses;
        lock (_released)
            _mostBlocked = Math.Max(_mostBlocked, ++_blocked);
        _released.Wait();
        Interlocked.Decrement(ref _blocked);
        throw new InvalidOperationException("released");
    }
}
