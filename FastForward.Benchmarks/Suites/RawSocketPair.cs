using System.Net;
using System.Net.Sockets;
using FastForward.Transport;
using FastForward.Transport.Interop;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// Two connected sockets of the kind that a transport uses, with a thread that echoes on the second one: the cost of a
/// round trip without FastForward. Both sides spin.
/// </summary>
internal sealed unsafe class RawSocketPair : IDisposable
{
    private readonly Descriptor _initiator;
    private readonly Descriptor _responder;
    private readonly Thread _echo;
    private volatile bool _isStopping;

    public RawSocketPair(TransportKind kind, string directory)
    {
        (_initiator, _responder) = kind switch
        {
            TransportKind.Ip => Datagrams(),
            TransportKind.Socket => Packets($"{directory}/raw.sock"),
            _ => throw new NotSupportedException($"There is no raw socket for {kind}."),
        };
        _echo = new Thread(Echo) { IsBackground = true, Name = "raw echo" };
        _echo.Start();
    }

    /// <summary>Sends and waits until the same number of bytes has come back.</summary>
    public void RoundTrip(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            Check(LibC.Send(_initiator, bytes, (nuint)buffer.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL));
            while (LibC.Receive(_initiator, bytes, (nuint)buffer.Length, LibC.MSG_DONTWAIT) != buffer.Length) { }
        }
    }

    public void Dispose()
    {
        _isStopping = true;
        _echo.Join();
        _initiator.Dispose();
        _responder.Dispose();
    }

    private static (Descriptor Initiator, Descriptor Responder) Datagrams()
    {
        Descriptor initiator = Open(LibC.AF_INET, LibC.SOCK_DGRAM),
            responder = Open(LibC.AF_INET, LibC.SOCK_DGRAM);
        SocketAddress initiatorAddress = BindToLoopback(initiator),
            responderAddress = BindToLoopback(responder);
        WithAddress(responderAddress, (address, length) => LibC.Connect(initiator, (void*)address, length));
        WithAddress(initiatorAddress, (address, length) => LibC.Connect(responder, (void*)address, length));
        return (initiator, responder);
    }

    private static (Descriptor Initiator, Descriptor Responder) Packets(string path)
    {
        using Descriptor listener = Open(LibC.AF_UNIX, LibC.SOCK_SEQPACKET);
        Descriptor initiator = Open(LibC.AF_UNIX, LibC.SOCK_SEQPACKET);
        SocketAddress at = new UnixDomainSocketEndPoint(path).Serialize();
        WithAddress(at, (address, length) => LibC.Bind(listener, (void*)address, length));
        Check(LibC.Listen(listener, 1));
        WithAddress(at, (address, length) => LibC.Connect(initiator, (void*)address, length));
        int accepted = LibC.Accept(listener, null, null, LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC);
        Check(accepted);
        File.Delete(path);
        return (initiator, new Descriptor(accepted));
    }

    private static Descriptor Open(int family, int type)
    {
        Descriptor socket = new(LibC.Socket(family, type | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0));
        Check(socket.Number);
        return socket;
    }

    private static SocketAddress BindToLoopback(Descriptor socket)
    {
        SocketAddress any = new IPEndPoint(IPAddress.Loopback, 0).Serialize();
        WithAddress(any, (address, length) => LibC.Bind(socket, (void*)address, length));
        WithAddress(any, (address, length) => LibC.GetSocketName(socket, (void*)address, &length));
        return any;
    }

    private static void WithAddress(SocketAddress address, Func<nint, uint, int> call)
    {
        fixed (byte* bytes = address.Buffer.Span)
            Check(call((nint)bytes, (uint)address.Size));
    }

    private static void Check(nint result)
    {
        if (result < 0)
            throw new InvalidOperationException($"A raw socket failed: {LibC.Describe(LibC.LastError)}");
    }

    private void Echo()
    {
        byte[] buffer = new byte[65_536];
        fixed (byte* bytes = buffer)
        {
            while (!_isStopping)
            {
                nint length = LibC.Receive(_responder, bytes, (nuint)buffer.Length, LibC.MSG_DONTWAIT);
                if (length > 0)
                    LibC.Send(_responder, bytes, (nuint)length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
            }
        }
    }
}
