using System.Globalization;
using FastForward.Tests.Transports;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Tests.Neighbours;

/// <summary>A process of another user on the same host, which is not to get in the way of two nodes.</summary>
internal static class Neighbour
{
    /// <summary>The user.</summary>
    public const uint UserId = 4711;

    public const uint KeyId = 5;

    /// <param name="arguments">
    /// <c>node directory port id peerPort peer secret</c>: a node at a UNIX socket, with a key where the secret is not
    /// empty, which prints each event about its peer. <c>connects path count</c>: connections without a word.
    /// </param>
    public static int Run(string[] arguments)
    {
        if (LockHolder.SetUserId(UserId) != 0)
            return 1;
        switch (arguments)
        {
            case ["node", var directory, var port, var id, var peerPort, var peer, var secret]:
                RunNode(directory, Number(port), (uint)Number(id), Number(peerPort), (uint)Number(peer), secret);
                return 0;
            case ["connects", var path, var count]:
                Connect(path, Number(count));
                return 0;
            default:
                return 2;
        }
    }

    private static void RunNode(string directory, int port, uint id, int peerPort, uint peer, string secret)
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
        using ForwardKey? key =
            secret.Length > 0 ? new ForwardKey(KeyId, Convert.FromHexString(secret), id, peer) : null;
        StaticRouteSource routes = new([
            new RouteRow(peer, key is null ? 0 : KeyId, TransportKind.Socket, "", peerPort),
        ]);
        using OverrideResolver resolver = new([routes], new RouteOptions { SocketDirectory = directory });
        SocketTransport socket = new(
            new SocketTransportOptions
            {
                Port = port,
                Directory = directory,
                AllowedUserIds = [UserId, 0],
                Mode = (UnixFileMode)0x1B6, // 0666
            }
        );
        ForwardNode node = new(
            loop,
            new ForwardNodeOptions { Node = id, Keys = key is null ? [] : [key] },
            [socket],
            resolver
        );
        node.Start(new EventPrinter());
        Console.WriteLine("runs");
        loop.Start("neighbour");
        while (Console.ReadLine() is not null) { }
    }

    // A hundred are open at any time.
    private static void Connect(string path, int count)
    {
        Queue<RawSeqPacket> open = [];
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            RawSeqPacket socket = new();
            if (socket.Connect(path) != 0)
                refused++;
            open.Enqueue(socket);
            if (open.Count > 100)
                open.Dequeue().Dispose();
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count - refused}"));
        while (Console.ReadLine() is not null) { }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed class EventPrinter : IForwardHandler
    {
        public void OnMessage(in ReceivedMessage message) => Console.WriteLine($"Message from {message.Node}");

        public void OnPeer(in PeerEvent change) => Console.WriteLine($"{change.Kind}: {change.Reason}");
    }
}
