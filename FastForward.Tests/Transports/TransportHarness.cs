using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FastForward.Tests.Lab;
using FastForward.Transport.Addressing;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Rdma;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Transports;

/// <summary>
/// What the conformance suite needs to know about a transport: how to create one, and an address without a listener.
/// </summary>
internal abstract class TransportHarness : IDisposable
{
    /// <summary>Why this machine cannot run it; null when it can.</summary>
    public virtual string? Missing => null;

    /// <summary>An instance with its own address, not started.</summary>
    public abstract IForwardTransport Create();

    /// <summary>The end point at which others reach a started instance.</summary>
    public abstract EndPoint Reach(IForwardTransport transport);

    /// <summary>An end point of the right type at which no process listens.</summary>
    public abstract EndPoint Nobody();

    /// <summary>An end point of the right type whose address cannot be used, or null where every address can.</summary>
    public abstract EndPoint OfAnotherType { get; }

    /// <summary>Whether it links processes; otherwise <see cref="PeerArguments"/> is not called.</summary>
    public virtual bool CrossesProcesses => true;

    /// <summary>
    /// Whether links within this machine are known to stay within it: not where the peer's address is what it says.
    /// </summary>
    public virtual bool IsHostLocal => true;

    /// <summary>
    /// Arguments for <see cref="TransportPeer"/> to create the same kind of transport in another process.
    /// </summary>
    public abstract string[] PeerArguments();

    /// <summary>Parses the end point that the peer process prints.</summary>
    public abstract EndPoint Parse(string text);

    /// <summary>Files that remain in the file system.</summary>
    public virtual IReadOnlyList<string> Files => [];

    public virtual void Dispose() { }

    internal sealed class Ip(IPAddress address) : TransportHarness
    {
        public override string? Missing
        {
            get
            {
                try
                {
                    using UdpClient probe = new(new IPEndPoint(address, 0));
                    return null;
                }
                catch (SocketException exception)
                {
                    return $"{address} is not available: {exception.Message}";
                }
            }
        }

        public override EndPoint OfAnotherType => new UnixDomainSocketEndPoint("/tmp/nobody");

        public override IForwardTransport Create() => new IpTransport(new IpTransportOptions { Addresses = [address] });

        public override EndPoint Reach(IForwardTransport transport) => transport.LocalEndPoints[0];

        public override EndPoint Nobody()
        {
            using UdpClient probe = new(new IPEndPoint(address, 0));
            return probe.Client.LocalEndPoint!;
        }

        public override string[] PeerArguments() => ["ip", address.ToString()];

        public override EndPoint Parse(string text) => IPEndPoint.Parse(text);
    }

    /// <summary>The transport of samples/MemoryTransport.</summary>
    internal sealed class Memory : TransportHarness
    {
        private static int s_port;

        public override bool CrossesProcesses => false;

        public override EndPoint OfAnotherType => new IPEndPoint(IPAddress.Loopback, 1);

        public override IForwardTransport Create() => new MemoryTransport(NextPort());

        public override EndPoint Reach(IForwardTransport transport) => transport.LocalEndPoints[0];

        public override EndPoint Nobody() => new RdmaEndPoint(MemoryTransport.Host, NextPort());

        public override string[] PeerArguments() => throw new NotSupportedException();

        public override EndPoint Parse(string text) => throw new NotSupportedException();

        private static int NextPort() => Interlocked.Increment(ref s_port);
    }

    internal sealed class Socket(bool sharesMemory) : TransportHarness
    {
        private readonly TemporaryDirectory _directory = new();
        private int _port = 1000;

        public override EndPoint OfAnotherType => new IPEndPoint(IPAddress.Loopback, 1);

        public override IReadOnlyList<string> Files => _directory.Files;

        public override IForwardTransport Create() => Create(_directory.Path, ++_port, sharesMemory);

        public override EndPoint Reach(IForwardTransport transport) => transport.LocalEndPoints[0];

        public override EndPoint Nobody() => new UnixDomainSocketEndPoint(_directory["nobody.sock"]);

        public override string[] PeerArguments() =>
            ["socket", _directory.Path, (++_port).ToString(CultureInfo.InvariantCulture), sharesMemory.ToString()];

        public override EndPoint Parse(string text) => new UnixDomainSocketEndPoint(text);

        /// <summary>A transport in a directory.</summary>
        public static SocketTransport Create(string directory, int port, bool sharesMemory)
        {
            SocketTransportOptions options = new() { Port = port, Directory = directory };
            if (!sharesMemory)
                options.SharedMemoryLimit = 0;
            return new SocketTransport(options);
        }

        public override void Dispose()
        {
            _directory.Dispose();
            base.Dispose();
        }
    }

    /// <summary>
    /// vSockets between processes of this machine: those of the kernel, or emulated by UNIX sockets.
    /// </summary>
    internal sealed class VSocket(VSocketType type, bool isReal) : TransportHarness
    {
        // Ports of another run may stay in use for some seconds after its process has died.
        // Below the ports that the kernel gives to clients (32768 and up): datagrams emulate vSockets by UDP.
        private static int s_port = 10_000 + (Environment.ProcessId % 500 * 40);

        private readonly TemporaryDirectory _directory = new();

        public override string? Missing =>
            isReal && TestEnvironment.LabDirectory is null ? VSocketTransport.CheckLoopback().Reason : null;

        public override EndPoint OfAnotherType => new IPEndPoint(IPAddress.Loopback, 1);

        public override IForwardTransport Create() => Create(type, isReal ? null : _directory.Path, NextPort());

        public override EndPoint Reach(IForwardTransport transport) =>
            Local(((VSocketEndPoint)transport.LocalEndPoints[0]).Port);

        public override EndPoint Nobody() => Local(NextPort());

        public override string[] PeerArguments() =>
            [
                "vsock",
                type.ToString(),
                isReal ? "" : _directory.Path,
                NextPort().ToString(CultureInfo.InvariantCulture),
            ];

        public override EndPoint Parse(string text) =>
            Local(int.Parse(text.AsSpan(text.LastIndexOf(':') + 1), CultureInfo.InvariantCulture));

        public override void Dispose()
        {
            _directory.Dispose();
            base.Dispose();
        }

        /// <summary>A transport of the kernel's vSockets, or of UNIX sockets in a directory.</summary>
        public static VSocketTransport Create(VSocketType type, string? directory, int port)
        {
            VSocketTransportOptions options = new() { Type = type, Port = port };
            return directory is null ? new VSocketTransport(options)
                : type == VSocketType.Datagram ? new VSocketTransport(options, new UdpVSocketFamily())
                : new VSocketTransport(options, new UnixVSocketFamily(directory));
        }

        /// <summary>A port that no other test of this process uses.</summary>
        public static int NextPort() => Interlocked.Increment(ref s_port);

        private static VSocketEndPoint Local(int port) => new(VSocketEndPoint.LocalCid, port);
    }

    /// <summary>
    /// RDMA on the soft-RoCE devices of the lab; the instances take turns with the addresses. Between two addresses the
    /// packets leave one device and enter the other; within one, the device short-circuits them.
    /// </summary>
    internal sealed class Rdma(string[] addresses) : TransportHarness
    {
        private static readonly Lazy<string?> s_devices = new(static () =>
        {
            LabProgram.Run(Path.Combine(TestEnvironment.LabDirectory!, "guest", "soft-rdma"));
            return null;
        });

        private static int s_port = 20_000;
        private int _created;

        public override string? Missing
        {
            get
            {
                if (TestEnvironment.LabDirectory is null)
                    return "soft-RoCE devices are in the lab only (see lab/README.md)";
                return s_devices.Value;
            }
        }

        public override bool IsHostLocal => false;

        public override EndPoint OfAnotherType => new IPEndPoint(IPAddress.Loopback, 1);

        public override IForwardTransport Create() => Create(NextAddress(), NextPort());

        public override EndPoint Reach(IForwardTransport transport) => transport.LocalEndPoints[0];

        public override EndPoint Nobody() => new RdmaEndPoint(addresses[0], NextPort());

        public override string[] PeerArguments() =>
            ["rdma", NextAddress(), NextPort().ToString(CultureInfo.InvariantCulture)];

        public override EndPoint Parse(string text) =>
            new RdmaEndPoint(
                text.Split(':')[1],
                int.Parse(text.AsSpan(text.LastIndexOf(':') + 1), CultureInfo.InvariantCulture)
            );

        /// <summary>A transport at one address.</summary>
        public static RdmaTransport Create(string address, int port) =>
            new(
                new RdmaTransportOptions
                {
                    Addresses = [IPAddress.Parse(address)],
                    Port = port,
                    MaxLinks = 128, // the suite opens a hundred; small frames and few credits lock less memory for each
                    MaxFrameSize = 2048,
                    Credits = 32,
                }
            );

        /// <summary>A port that no other test of this process uses.</summary>
        public static int NextPort() => Interlocked.Increment(ref s_port);

        private string NextAddress() => addresses[_created++ % addresses.Length];
    }
}
