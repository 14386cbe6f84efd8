using System.Net;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>Settings of an <see cref="RdmaTransport"/>.</summary>
public sealed class RdmaTransportOptions
{
    /// <summary>
    /// The port in the TCP port space of RDMA (RDMA_PS_TCP), 1..65535, apart from the ports of TCP. Ports up to 1023
    /// need CAP_NET_BIND_SERVICE.
    /// </summary>
    public int Port { get; set; }

    /// <summary>
    /// The local addresses, at most one IPv4 and one IPv6 address. Default: all of both families. Restrict it on
    /// machines where the port must not be reachable from every network.
    /// </summary>
    public IReadOnlyList<IPAddress> Addresses { get; set; } = [IPAddress.Any, IPAddress.IPv6Any];

    /// <summary>
    /// The longest frame in bytes, 1200..65536. Default 4096. A link uses the smaller value of its two sides. Longer
    /// messages go in several frames.
    /// </summary>
    public int MaxFrameSize { get; set; } = 4096;

    /// <summary>
    /// The frames that a peer may send before this side has handled the first of them, 4..1024. Default 64. Each link
    /// locks memory for as many frames of <see cref="MaxFrameSize"/>.
    /// </summary>
    public int Credits { get; set; } = 64;

    /// <summary>
    /// The most links at once, 1..4096. Default 20. Memory for all of them is locked at the start: with the defaults
    /// 6.8 MB for each device, which fits into the usual limit of 8 MiB (RLIMIT_MEMLOCK, getrlimit(2)). Two nodes that
    /// connect to each other at the same time need two for a moment.
    /// </summary>
    public int MaxLinks { get; set; } = 20;

    /// <summary>How long a link may take to open, 10 ms..1 min. Default 5 s.</summary>
    public TimeSpan OpenTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Connections that may wait to be accepted, 1..4096. Default 128.</summary>
    public int Backlog { get; set; } = 128;

    /// <summary>
    /// Accepted connections that may be opening at once, 1..4096. Default 64. At the limit, a new one replaces the
    /// oldest one of the address with most of them.
    /// </summary>
    public int MaxPendingOpens { get; set; } = 64;

    internal RdmaSizes Sizes => new(MaxFrameSize, Credits);

    internal void Validate()
    {
        string problems = string.Join(' ', FindProblems());
        if (problems.Length > 0)
            throw new TransportException(problems);
    }

    /// <summary>All problems: each names the option, the problem, and a valid example.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (Port is < 1 or > 65535)
            yield return $"Port: {Port} is outside 1..65535; 54000 is an example.";
        if (FindAddressProblem() is { } problem)
            yield return problem;
        if (MaxFrameSize is < 1200 or > 65_536)
            yield return $"MaxFrameSize: {MaxFrameSize} is outside 1200..65536; 4096 is a good value.";
        if (Credits is < 4 or > 1024)
            yield return $"Credits: {Credits} is outside 4..1024; 64 is a good value.";
        if (MaxLinks is < 1 or > 4096)
            yield return $"MaxLinks: {MaxLinks} is outside 1..4096; 20 is a good value.";
        if (OpenTimeout < TimeSpan.FromMilliseconds(10) || OpenTimeout > TimeSpan.FromMinutes(1))
            yield return $"OpenTimeout: {OpenTimeout} is outside 10 ms..1 min; 5 s is a good value.";
        if (Backlog is < 1 or > 4096)
            yield return $"Backlog: {Backlog} is outside 1..4096; 128 is a good value.";
        if (MaxPendingOpens is < 1 or > 4096)
            yield return $"MaxPendingOpens: {MaxPendingOpens} is outside 1..4096; 64 is a good value.";
    }

    private string? FindAddressProblem()
    {
        if (Addresses is null || Addresses.Count == 0)
            return "Addresses: there is none; 0.0.0.0 and :: listen at every address.";
        return Addresses.GroupBy(static address => address.AddressFamily).Any(static family => family.Count() > 1)
            ? $"Addresses: {string.Join(", ", Addresses)} has two of one family; "
                + "192.0.2.7 and 2001:db8::7 are an example."
            : null;
    }
}
