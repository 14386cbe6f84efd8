using System.Globalization;
using System.Net;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Ip;

namespace FastForward.Tests.Flood;

/// <summary>
/// A node with a key in a process of its own, which returns every message. It prints its port, and its
/// <see cref="FloodCounts"/> for each line of input.
/// </summary>
internal static class FloodedNode
{
    public const uint Id = 250_012;
    public const uint Caller = 25_011;
    public const uint KeyId = 5;

    /// <summary>A new copy of the key of both.</summary>
    public static ForwardKey NewKey() =>
        new(KeyId, [.. Enumerable.Range(1, 32).Select(static i => (byte)i)], Id, Caller);

    /// <param name="arguments">The port of the caller.</param>
    public static int Run(string[] arguments)
    {
        int port = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        Echo handler = new();
        using ForwardKey key = NewKey();
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
        StaticRouteSource routes = new([new RouteRow(Caller, KeyId, TransportKind.Ip, "127.0.0.1", port)]);
        using OverrideResolver resolver = new([routes], new RouteOptions());
        IpTransport ip = new(new IpTransportOptions { Port = 0, Addresses = [IPAddress.Loopback] });
        ForwardNode node = new(
            loop,
            new ForwardNodeOptions
            {
                Node = Id,
                Keys = [key],
                RealTimeBudget = TimeSpan.FromSeconds(5),
            },
            [ip],
            resolver
        );
        handler.Node = node;
        node.Start(handler);
        loop.Start("flooded");
        Console.WriteLine(((IPEndPoint)ip.LocalEndPoints[0]).Port);
        while (Console.ReadLine() is not null)
        {
            using ManualResetEventSlim written = new();
            loop.Post(() =>
            {
                Console.WriteLine(FloodCounts.Of(node, ip, handler.Changes));
                written.Set();
            });
            written.Wait();
        }

        return 0;
    }

    /// <summary>The event tells of another association, another process or another place.</summary>
    public static bool IsHarm(PeerEventKind kind) =>
        kind is PeerEventKind.Lost or PeerEventKind.Restarted or PeerEventKind.NodeIdConflict or PeerEventKind.Moved;

    private sealed class Echo : IForwardHandler
    {
        public ForwardNode Node { get; set; } = null!;

        /// <summary>Events that tell of another association, another process or another place.</summary>
        public int Changes { get; private set; }

        public void OnMessage(in ReceivedMessage message) =>
            Node.Send(message.Node, message.Stream, message.Class, message.Payload);

        public void OnPeer(in PeerEvent change)
        {
            if (IsHarm(change.Kind))
                Changes++;
        }
    }
}
