using System.Net;
using System.Net.Sockets;
using FastForward.Transport;
using FastForward.Transport.Interop;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// Two bare sockets of the kind that a transport uses, connected with each other, and a thread that sends back what the
/// second one gets: what a round trip costs without FastForward. Both sides spin.
/// </summary>
internal sealed unsafe class RawSocketPair : IDisposable
{
    private readonly Descriptor _near;
    private readonly Descriptor _far;
    private readonly Thread _echo;
    private volatile bool _isStopping;

    public RawSocketPair(TransportKind kind, string directory)
    {
        (_near, _far) = kind switch
        {
            TransportKind.Ip => Datagrams(),
            TransportKind.Socket => Packets($"{directory}/raw.sock"),
            _ => throw new NotSupportedException($"There is no raw counterpart of {kind}."),
        };
        _echo = new Thread(Echo) { IsBackground = true, Name = "raw echo" };
        _echo.Start();
    }

    /// <summary>Sends and waits for as much to come back.</summary>
    public void RoundTrip(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            Check(LibC.Send(_near, bytes, (nuint)buffer.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL));
            while (LibC.Receive(_near, bytes, (nuint)buffer.Length, LibC.MSG_DONTWAIT) != buffer.Length) { }
        }
    }

    public void Dispose()
    {
        _isStopping = true;
        _echo.Join();
        _near.Dispose();
        _far.Dispose();
    }

    private static (Descriptor Near, Descriptor Far) Datagrams()
    {
        Descriptor near = Open(LibC.AF_INET, LibC.SOCK_DGRAM),
            far = Open(LibC.AF_INET, LibC.SOCK_DGRAM);
        SocketAddress nearAddress = BindToLoopback(near),
            farAddress = BindToLoopback(far);
        WithAddress(farAddress, (address, length) => LibC.Connect(near, (void*)address, length));
        WithAddress(nearAddress, (address, length) => LibC.Connect(far, (void*)address, length));
        return (near, far);
    }

    private static (Descriptor Near, Descriptor Far) Packets(string path)
    {
        using Descriptor listener = Open(LibC.AF_UNIX, LibC.SOCK_SEQPACKET);
        Descriptor near = Open(LibC.AF_UNIX, LibC.SOCK_SEQPACKET);
        SocketAddress at = new UnixDomainSocketEndPoint(path).Serialize();
        WithAddress(at, (address, length) => LibC.Bind(listener, (void*)address, length));
        Check(LibC.Listen(listener, 1));
        WithAddress(at, (address, length) => LibC.Connect(near, (void*)address, length));
        int accepted = LibC.Accept(listener, null, null, LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC);
        Check(accepted);
        File.Delete(path);
        return (near, new Descriptor(accepted));
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
                nint length = LibC.Receive(_far, bytes, (nuint)buffer.Length, LibC.MSG_DONTWAIT);
                if (length > 0)
                    LibC.Send(_far, bytes, (nuint)length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
            }
        }
    }
}
