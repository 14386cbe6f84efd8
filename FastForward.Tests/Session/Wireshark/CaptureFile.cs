using System.Buffers.Binary;

namespace FastForward.Tests.Session.Wireshark;

/// <summary>
/// A capture of UDP datagrams in the classic pcap format: link type RAW, IPv4 packets, a millisecond apart.
/// </summary>
internal sealed class CaptureFile : IDisposable
{
    /// <summary>The port that the dissector takes by default.</summary>
    public const int DefaultPort = 54_000;

    private const int RawIp = 101;
    private const int IpHeader = 20;
    private const int UdpHeader = 8;

    private readonly BinaryWriter _file;
    private uint _packets;

    public CaptureFile(string path)
    {
        _file = new BinaryWriter(File.Create(path));
        _file.Write(0xA1B2C3D4u);
        _file.Write((ushort)2);
        _file.Write((ushort)4);
        _file.Write(0L); // time zone, accuracy
        _file.Write((int)ushort.MaxValue); // the longest packet
        _file.Write(RawIp);
    }

    /// <summary>Adds a datagram.</summary>
    /// <param name="frame">Its content.</param>
    /// <param name="from">The last part of the source address.</param>
    /// <param name="to">The last part of the destination address.</param>
    /// <param name="port">The destination port.</param>
    /// <param name="captured">How many bytes of the content the capture has.</param>
    public void Add(
        ReadOnlySpan<byte> frame,
        uint from = 1,
        uint to = 2,
        int port = DefaultPort,
        int captured = int.MaxValue
    )
    {
        Span<byte> headers = stackalloc byte[IpHeader + UdpHeader];
        headers.Clear();
        headers[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(headers[2..], (ushort)(headers.Length + frame.Length));
        headers[8] = 64; // hops
        headers[9] = 17; // UDP
        BinaryPrimitives.WriteUInt32BigEndian(headers[12..], 0x0A000000 + from);
        BinaryPrimitives.WriteUInt32BigEndian(headers[16..], 0x0A000000 + to);
        BinaryPrimitives.WriteUInt16BigEndian(headers[20..], 40_000);
        BinaryPrimitives.WriteUInt16BigEndian(headers[22..], (ushort)port);
        BinaryPrimitives.WriteUInt16BigEndian(headers[24..], (ushort)(UdpHeader + frame.Length));
        captured = Math.Min(captured, frame.Length);
        _file.Write(_packets / 1000);
        _file.Write(_packets++ % 1000 * 1000);
        _file.Write(headers.Length + captured);
        _file.Write(headers.Length + frame.Length);
        _file.Write(headers);
        _file.Write(frame[..captured]);
    }

    public void Dispose() => _file.Dispose();
}
