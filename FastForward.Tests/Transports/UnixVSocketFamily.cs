using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Transports;

/// <summary>
/// UNIX sockets where <see cref="VSocketTransport"/> expects AF_VSOCK, for what does not depend on that family: a file
/// in a directory for each port, the same for both types, and the context id that the test says.
/// </summary>
internal sealed unsafe class UnixVSocketFamily(string directory) : IVSocketFamily
{
    /// <summary>Types that there are none of, with the errno that says so.</summary>
    public Dictionary<int, int> Missing { get; } = [];

    /// <summary>The types of the sockets that were made, in order.</summary>
    public List<int> Created { get; } = [];

    /// <summary>The context id of every peer.</summary>
    public uint? PeerCid { get; set; } = VSocketEndPoint.LocalCid;

    /// <summary>The context id of this machine; null when it cannot be read.</summary>
    public uint? OwnCid { get; set; } = VSocketEndPoint.AnyCid;

    /// <summary>How often <see cref="OwnCid"/> was read.</summary>
    public int OwnCidReads { get; private set; }

    public bool TearsPackets { get; init; }

    public bool CarriesSeqPacket { get; set; } = true;

    /// <summary>What bind(2) answers; 0 lets it be tried.</summary>
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
        File.Delete(PathOf(port)); // what a killed process left
        return With(port, (address, length) => LibC.Bind(socket, (void*)address, length));
    }

    public int Connect(Descriptor socket, VSocketEndPoint remote, bool toHost)
    {
        if (remote.Cid != VSocketEndPoint.LocalCid)
            return Errno.ENODEV; // as where no machine has the number
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
