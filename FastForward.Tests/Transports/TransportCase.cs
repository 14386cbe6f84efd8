using System.Net;
using FastForward.Transport.Transports.VSocket;
using NUnit.Framework.Internal;

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

    /// <summary>All transports of the suite. Those that need kernel modules run in the lab.</summary>
    public static IEnumerable<TestFixtureData> All
    {
        get
        {
            yield return Here("Ip over IPv4", static () => new TransportHarness.Ip(IPAddress.Loopback));
            yield return Here("Ip over IPv6", static () => new TransportHarness.Ip(IPAddress.IPv6Loopback));
            yield return Here("Socket", static () => new TransportHarness.Socket(sharesMemory: false));
            yield return Here(
                "Socket with shared memory",
                static () => new TransportHarness.Socket(sharesMemory: true)
            );
            yield return Here(
                "VSocket seqpacket on UNIX sockets",
                static () => new TransportHarness.VSocket(VSocketType.SeqPacket, isReal: false)
            );
            yield return Here(
                "VSocket stream on UNIX sockets",
                static () => new TransportHarness.VSocket(VSocketType.Stream, isReal: false)
            );
            yield return Here(
                "VSocket datagram on UDP sockets",
                static () => new TransportHarness.VSocket(VSocketType.Datagram, isReal: false)
            );
            yield return Here("Memory, the sample", static () => new TransportHarness.Memory());
            yield return Lab(
                "VSocket seqpacket",
                static () => new TransportHarness.VSocket(VSocketType.SeqPacket, isReal: true)
            );
            yield return Lab(
                "VSocket stream",
                static () => new TransportHarness.VSocket(VSocketType.Stream, isReal: true)
            );
            yield return Lab("Rdma", static () => new TransportHarness.Rdma(["10.99.0.1", "10.99.0.2"]));
        }
    }

    public string Name { get; }

    public override string ToString() => Name;

    internal TransportHarness Create() => _create();

    private static TestFixtureData Here(string name, Func<TransportHarness> create) =>
        new(new TransportCase(name, create));

    private static TestFixtureData Lab(string name, Func<TransportHarness> create)
    {
        TestFixtureData data = Here(name, create);
        data.Properties.Add(PropertyNames.Category, "Lab");
        return data;
    }
}
