using System.Net;

namespace FastForward.Tests.Transports;

/// <summary>One transport in the conformance suite.</summary>
public sealed class TransportCase
{
    private readonly Func<TransportHarness> _create;

    private TransportCase(string name, Func<TransportHarness> create)
    {
        Name = name;
        _create = create;
    }

    /// <summary>Every transport that the suite runs over.</summary>
    public static TransportCase[] All { get; } =
    [
        new("Ip over IPv4", static () => new TransportHarness.Ip(IPAddress.Loopback)),
        new("Ip over IPv6", static () => new TransportHarness.Ip(IPAddress.IPv6Loopback)),
        new("Socket", static () => new TransportHarness.Socket()),
    ];

    public string Name { get; }

    public override string ToString() => Name;

    internal TransportHarness Create() => _create();
}
