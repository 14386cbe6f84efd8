using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Transports;

/// <summary>
/// Emulates AF_VSOCK for <see cref="VSocketTransport"/> by UNIX sockets: one file in a directory for each port, the
/// same for both types, and the context id that the test sets.
/// </summary>
internal sealed unsafe class UnixVSocketFamily(string directory) : IVSocketFamily
{
    /// <summary>Unsupported types, with the errno that socket(2) reports.</summary>
    public Dictionary<int, int> Missing { get; } = [];

    /// <summary>The types of the created sockets, in order.</summary>
    public List<int> Created { get; } = [];

    /// <summary>The context id of every peer.</summary>
    public uint? PeerCid { get; set; } = VSocketEndPoint.LocalCid;

    /// <summary>The context id of this machine; null when it cannot be read.</summary>
    public uint? OwnCid { get; set; } = VSocketEndPoint.AnyCid;

    /// <summary>The number of reads of <see cref="OwnCid"/>.</summary>
    public int OwnCidReads { get; private set; }

    public bool TearsPackets { get; init; }

    public bool CarriesSeqPacket { get; set; } = true;

    /// <summary>The errno of bind(2); with 0 the call is made.</summary>
    public int BindError { get; set; }

    public Descriptor CreateSocket(int type)
    {
        Created.Add(type);
        if (!Missing.TryGetValue(type, out int error))
            return new Descriptor(LibC.Socket(LibC.AF_UNIX, type | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0));
        System.Runtime.InteropServices.Marshal.SetLastPInvokeError(error);
        return new Descriptor();
    }

    public int Bind(Descriptor socket, int port)
    {
        if (BindError != 0)
            return BindError;
        File.Delete(PathOf(port)); // left by a killed process
        return With(port, (address, length) => LibC.Bind(socket, (void*)address, length));
    }

    public int Connect(Descriptor socket, VSocketEndPoint remote, bool toHost)
    {
        if (remote.Cid != VSocketEndPoint.LocalCid)
            return Errno.ENODEV; // as when no machine has the context id
        int error = With(remote.Port, (address, length) => LibC.Connect(socket, (void*)address, length));
        return error is Errno.ENOENT or Errno.ECONNREFUSED ? Errno.ECONNRESET : error;
    }

    public int WriteAddress(VSocketEndPoint remote, Span<byte> target) => throw new NotSupportedException();

    public VSocketEndPoint? ReadAddress(ReadOnlySpan<byte> address) => throw new NotSupportedException();

    public uint? ReadPeer(Descriptor socket) => PeerCid;

    public uint? ReadOwnCid()
    {
        OwnCidReads++;
        return OwnCid;
    }

    private static int With(string path, Func<nint, uint, int> call)
    {
        SocketAddress address = new UnixDomainSocketEndPoint(path).Serialize();
        fixed (byte* bytes = address.Buffer.Span)
            return call((nint)bytes, (uint)address.Size) == 0 ? 0 : LibC.LastError;
    }

    private string PathOf(int port) => Path.Combine(directory, $"{port}.vsock");

    private int With(int port, Func<nint, uint, int> call) => With(PathOf(port), call);
}
