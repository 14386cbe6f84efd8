using System.Net.Sockets;
using FastForward.Transport.Interop;

namespace FastForward.Tests.Transports;

/// <summary>A raw UNIX seqpacket socket, for peers that violate the protocol.</summary>
internal sealed unsafe class RawSeqPacket : IDisposable
{
    private readonly Descriptor _socket;

    public RawSeqPacket()
        : this(Open()) { }

    private RawSeqPacket(Descriptor socket)
    {
        Assert.That(socket.IsInvalid, Is.False);
        _socket = socket;
    }

    public Descriptor Socket => _socket;

    public int Connect(string path) =>
        WithAddress(path, static (socket, address, length) => LibC.Connect(socket, (void*)address, length));

    public void Listen(string path, int backlog)
    {
        Assert.That(
            WithAddress(path, static (socket, address, length) => LibC.Bind(socket, (void*)address, length)),
            Is.Zero
        );
        Assert.That(LibC.Listen(_socket, backlog), Is.Zero);
    }

    public RawSeqPacket Accept() =>
        new(new Descriptor(LibC.Accept(_socket, null, null, LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC)));

    public bool Send(ReadOnlySpan<byte> packet)
    {
        fixed (byte* bytes = packet)
        {
            byte nothing;
            return LibC.Send(
                    _socket,
                    bytes == null ? &nothing : bytes,
                    (nuint)packet.Length,
                    LibC.MSG_NOSIGNAL | LibC.MSG_DONTWAIT
                ) == packet.Length;
        }
    }

    /// <summary>Sends a packet with copies of the own descriptor attached (SCM_RIGHTS).</summary>
    public bool SendDescriptors(ReadOnlySpan<byte> packet, int count)
    {
        const int SCM_RIGHTS = 1;
        int length = sizeof(LibC.ControlHeader) + (count * sizeof(int));
        byte* control = stackalloc byte[length];
        *(LibC.ControlHeader*)control = new LibC.ControlHeader
        {
            Length = (nuint)length,
            Level = LibC.SOL_SOCKET,
            Type = SCM_RIGHTS,
        };
        new Span<int>(control + sizeof(LibC.ControlHeader), count).Fill(_socket.Number);
        fixed (byte* bytes = packet)
        {
            LibC.IoVector vector = new() { Base = bytes, Length = (nuint)packet.Length };
            LibC.MessageHeader message = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = (nuint)length,
            };
            return LibC.SendMessage(_socket, &message, LibC.MSG_NOSIGNAL | LibC.MSG_DONTWAIT) == packet.Length;
        }
    }

    /// <summary>The next packet; null at the end of the connection, empty when none is pending.</summary>
    public byte[]? Receive()
    {
        byte[] buffer = new byte[70_000];
        fixed (byte* bytes = buffer)
        {
            nint length = LibC.Receive(_socket, bytes, (nuint)buffer.Length, LibC.MSG_DONTWAIT);
            if (length == 0 || (length < 0 && LibC.LastError == Errno.ECONNRESET))
                return null;
            return length < 0 ? [] : buffer[..(int)length];
        }
    }

    public void ShutdownInput() => Assert.That(LibC.Shutdown(_socket, 0), Is.Zero); // SHUT_RD

    public void Dispose() => _socket.Dispose();

    private int WithAddress(string path, Func<Descriptor, nint, uint, int> call)
    {
        System.Net.SocketAddress address = new UnixDomainSocketEndPoint(path).Serialize();
        fixed (byte* bytes = address.Buffer.Span)
            return call(_socket, (nint)bytes, (uint)address.Size) == 0 ? 0 : LibC.LastError;
    }

    private static Descriptor Open() =>
        new(LibC.Socket(LibC.AF_UNIX, LibC.SOCK_SEQPACKET | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0));
}
