using System.Net;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>
/// Resolves the host name of a peer's route. The resolver runs off the loop thread; the result is delivered on the loop
/// thread. All members must be called on the loop thread. At most one lookup is pending.
/// </summary>
/// <param name="loop">The loop on which results are delivered.</param>
/// <param name="completed">Called once per lookup; with null when the lookup was discarded.</param>
internal sealed class HostLookup(ForwardLoop loop, Action<HostLookupResult?> completed)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    private int _generation;

    /// <summary>A lookup has not completed yet. A discarded one stays pending until the resolver returns.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Starts a lookup. No other may be pending.</summary>
    /// <param name="name">The host name and port.</param>
    /// <param name="transport">The transport that connects to the address; limits the address families.</param>
    public void Start(DnsEndPoint name, IForwardTransport transport)
    {
        IsPending = true;
        int generation = _generation;
        Dns.GetHostAddressesAsync(name.Host)
            .WaitAsync(s_limit)
            .ContinueWith(
                task => loop.Post(() => Complete(generation, task, name, transport)),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
    }

    /// <summary>
    /// Discards the result of a pending lookup, because the route that it was started for has changed.
    /// </summary>
    public void Discard() => _generation++;

    private void Complete(int generation, Task<IPAddress[]> lookup, DnsEndPoint name, IForwardTransport transport)
    {
        // The exception is read even when the result is discarded: this marks it as observed.
        string? failure = lookup.Exception?.GetBaseException() switch
        {
            null => null,
            TimeoutException => $"the resolver did not answer within {s_limit.TotalSeconds} s",
            Exception exception => exception.Message,
        };
        IsPending = false;
        if (generation != _generation)
        {
            completed(null);
            return;
        }

        IPAddress? address = failure is null
            ? lookup.Result.FirstOrDefault(candidate => IsUsable(candidate, transport))
            : null;
        failure ??= address is null ? "it has no address of a family that this machine supports" : null;
        completed(new HostLookupResult(name, transport, address, failure));
    }

    private static bool IsUsable(IPAddress address, IForwardTransport transport) =>
        !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.IPv6Any)
        && transport.LocalEndPoints.Any(local => local.AddressFamily == address.AddressFamily);
}

/// <summary>The result of a lookup.</summary>
/// <param name="Name">The host name and port.</param>
/// <param name="Transport">The transport that connects to the address.</param>
/// <param name="Address">The first usable address; null when there is none.</param>
/// <param name="Failure">Why there is no address; null when there is one.</param>
internal sealed record HostLookupResult(
    DnsEndPoint Name,
    IForwardTransport Transport,
    IPAddress? Address,
    string? Failure
);
