using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Transports;

/// <summary>
/// A peer in a separate process: starts a transport, prints its end point, sends every frame back, and ends when
/// its input ends.
/// </summary>
internal sealed class TransportPeer : ILinkSink
{
    public static int Run(string[] arguments)
    {
        using ForwardLoop loop = new();
        using IForwardTransport transport = arguments switch
        {
            ["ip", var address] => new IpTransport(new IpTransportOptions { Addresses = [IPAddress.Parse(address)] }),
            ["socket", var directory, var port, var sharesMemory] => TransportHarness.Socket.Create(
                directory,
                int.Parse(port, CultureInfo.InvariantCulture),
                bool.Parse(sharesMemory)
            ),
            ["vsock", var type, var directory, var port] => TransportHarness.VSocket.Create(
                Enum.Parse<VSocketType>(type),
                directory.Length == 0 ? null : directory,
                int.Parse(port, CultureInfo.InvariantCulture)
            ),
            ["rdma", var address, var port] => TransportHarness.Rdma.Create(
                address,
                int.Parse(port, CultureInfo.InvariantCulture)
            ),
            _ => throw new ArgumentException($"peer: unknown transport '{string.Join(' ', arguments)}'"),
        };
        transport.Start(loop, new TransportPeer());
        loop.Add(transport);
        Console.Out.WriteLine(transport.LocalEndPoints[0]);
        using CancellationTokenSource ended = new();
        new Thread(() =>
        {
            while (Console.In.Read() >= 0) { }

            ended.Cancel();
        })
        {
            IsBackground = true,
        }.Start();
        loop.Run(ended.Token);
        loop.Remove(transport);
        return 0;
    }

    public void Opened(IForwardLink link) { }

    public void Frame(IForwardLink link, Span<byte> frame)
    {
        if (link.TryClaim(frame.Length, out Span<byte> span) != ClaimResult.Claimed)
            return;
        frame.CopyTo(span);
        link.Commit(frame.Length, realTime: false);
    }

    public void BatchEnd(IForwardTransport transport) => transport.Flush();

    public void Writable(IForwardLink link) { }

    public void Closed(IForwardLink link, LinkClosure closure) { }

    /// <summary>Responds to the index that follows the header.</summary>
    public void Moved(IForwardLink link, in StrangerSource source, Span<byte> frame) { }

    public void Stranger(IForwardTransport transport, in StrangerSource source, Span<byte> frame)
    {
        if (frame.Length < 12)
            return;
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], BinaryPrimitives.ReadUInt32LittleEndian(frame[8..]));
        transport.TryAnswer(source, frame);
    }
}
