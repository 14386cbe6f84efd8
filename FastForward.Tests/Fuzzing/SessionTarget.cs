using System.Buffers.Binary;
using FastForward.Tests.Session;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Fuzzing;

/// <summary>
/// A node that gets datagrams: strangers, handshakes and everything within an association. An input is datagrams, each
/// behind its length in two bytes.
/// </summary>
internal static class SessionTarget
{
    private const uint Own = 250012;
    private const uint Peer = 25011;

    public static FuzzTarget Frames { get; } = new("frames", Corpus(), Read);

    private static byte[][] Corpus()
    {
        byte[][] data =
        [
            .. GoldenFrames
                .Version1.Where(static frame => frame.Value[1] == (byte)FrameType.Data)
                .Where(static frame =>
                    !frame.Key.StartsWith("close", StringComparison.Ordinal) && frame.Key != "sealed"
                )
                .Select(static frame => frame.Value),
        ];
        byte[] introduction = [.. Part(GoldenFrames.Version1["init"]), .. Part(Addressed("confirm"))];
        return
        [
            .. data.Select(frame => (byte[])[.. introduction, .. Part(Numbered(frame, 0))]),
            [.. introduction, .. data.SelectMany(static (frame, i) => Part(Numbered(frame, (ulong)i)))],
            [.. introduction, .. Part(Numbered(GoldenFrames.Version1["close-association"], 0))],
        ];
    }

    private static bool Read(byte[] input)
    {
        SimulatedNetwork network = new(1);
        SimulatedNode node = Start(network);
        SendTo(node);
        bool isTaken = false;
        ReadOnlySpan<byte> rest = input;
        while (rest.Length >= 2)
        {
            int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(rest), rest.Length - 2);
            isTaken |= Give(node, rest.Slice(2, length).ToArray());
            network.Run(network.Now + 1_000);
            rest = rest[(2 + length)..];
        }

        // Timers, expiry, what is sent again.
        network.Run(network.Now + 2_000_000);
        Sender sender = node.Peer(Peer).Association.Sender;
        FuzzTarget.Require(sender.StoredBytes >= 0, "stored bytes are not negative");
        FuzzTarget.Require(sender.Unacknowledged >= sender.UnacknowledgedMessages, "messages are counted once");
        return isTaken;
    }

    // Whether an established path takes it. A DATA frame that it does not take is counted.
    private static bool Give(SimulatedNode node, byte[] frame)
    {
        SessionPath? path = node.Links.Find(static link => link.Path is { IsEstablished: true })?.Path;
        bool isData =
            path is not null
            && frame.Length >= WireFormat.CommonHeader
            && frame[0] == WireFormat.Version
            && frame[1] == (byte)FrameType.Data
            && BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(4)) == path.LocalIndex;
        long taken = isData ? path!.Arrivals.Received : 0;
        long dropped = Dropped(node);
        node.ReceiveDatagram(Peer, frame);
        bool isTaken = isData && path!.Arrivals.Received > taken;
        FuzzTarget.Require(!isData || isTaken || Dropped(node) > dropped, "a frame is taken or counted");
        return isTaken;
    }

    private static long Dropped(SimulatedNode node) =>
        node.Statistics.MalformedFrames + node.Statistics.ReplayedFrames + node.Statistics.TooOldFrames;

    private static SimulatedNode Start(SimulatedNetwork network) => network.Start(Own, Peer);

    private static void SendTo(SimulatedNode node)
    {
        node.Send(Peer, 0x0102030405060708, MessageClass.Reliable, new byte[3000]);
        node.Send(Peer, 0x0102030405060709, MessageClass.RealTime, new byte[100], end: true);
    }

    private static byte[] Part(byte[] frame) => [(byte)frame.Length, (byte)(frame.Length >> 8), .. frame];

    // The first link of the network has the index 1.
    private static byte[] Addressed(string name)
    {
        byte[] frame = [.. GoldenFrames.Version1[name]];
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), 1);
        if (frame[1] == (byte)FrameType.Confirm)
            BinaryPrimitives.WriteUInt64LittleEndian(
                frame.AsSpan(32),
                Start(new SimulatedNetwork(1)).Options.Incarnation
            );
        return frame;
    }

    private static byte[] Numbered(byte[] golden, ulong number)
    {
        byte[] frame = [.. golden];
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(8), number);
        return frame;
    }
}
