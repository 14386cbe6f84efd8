using System.Runtime.InteropServices;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>AF_VSOCK (vsock(7)).</summary>
internal sealed unsafe class VSocketFamily : IVSocketFamily
{
    public static VSocketFamily Instance { get; } = new();

    public bool TearsPackets => true;

    public bool CarriesSeqPacket => VSocketMachine.CarriesSeqPacket();

    public Descriptor CreateSocket(int type) =>
        new(LibC.Socket(LibC.AF_VSOCK, type | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0));

    public int Bind(Descriptor socket, int port)
    {
        LibC.VSocketAddress address = new()
        {
            Family = LibC.AF_VSOCK,
            Cid = LibC.VMADDR_CID_ANY,
            Port = (uint)port,
        };
        return LibC.Bind(socket, &address, (uint)sizeof(LibC.VSocketAddress)) == 0 ? 0 : LibC.LastError;
    }

    public int Connect(Descriptor socket, VSocketEndPoint remote, bool toHost)
    {
        LibC.VSocketAddress address = new()
        {
            Family = LibC.AF_VSOCK,
            Port = (uint)remote.Port,
            Cid = remote.Cid,
            Flags = toHost ? LibC.VMADDR_FLAG_TO_HOST : (byte)0,
        };
        return LibC.Connect(socket, &address, (uint)sizeof(LibC.VSocketAddress)) == 0 ? 0 : LibC.LastError;
    }

    public int WriteAddress(VSocketEndPoint remote, Span<byte> target)
    {
        LibC.VSocketAddress address = new()
        {
            Family = LibC.AF_VSOCK,
            Port = (uint)remote.Port,
            Cid = remote.Cid,
        };
        MemoryMarshal.Write(target, address);
        return sizeof(LibC.VSocketAddress);
    }

    public VSocketEndPoint? ReadAddress(ReadOnlySpan<byte> address)
    {
        return
            address.Length >= sizeof(LibC.VSocketAddress)
            && MemoryMarshal.Read<LibC.VSocketAddress>(address)
                is { Family: LibC.AF_VSOCK, Port: >= 1 and <= 65_535 } source
            ? new VSocketEndPoint(source.Cid, (int)source.Port)
            : null;
    }

    public uint? ReadPeer(Descriptor socket)
    {
        LibC.VSocketAddress address;
        uint length = (uint)sizeof(LibC.VSocketAddress);
        return LibC.GetPeerName(socket, &address, &length) == 0 ? address.Cid : null;
    }

    public uint? ReadOwnCid() => VSocketMachine.ReadCid(out _);
}
