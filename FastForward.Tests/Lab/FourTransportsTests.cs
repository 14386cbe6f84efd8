using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using FastForward.Host.Instances;
using FastForward.Host.Running;
using FastForward.Tests.Registry.Tarantool;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Rdma;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Lab;

/// <summary>
/// One node talks to four peers, each over another transport, by the rows of its instance file or of a Tarantool
/// registry; then all rows change under traffic, so that each peer is reached over another transport than before.
/// </summary>
[Category("Lab")]
public sealed class FourTransportsTests
{
    private const uint Center = 25_011;
    private const int FirstPort = 30_100;
    private const int Before = 200; // messages to each peer over its first transport
    private const int After = 30; // and after each change
    private const int Changes = 6;
    private const string NearRdma = "10.99.0.1";
    private const string FarRdma = "10.99.0.2";

    private static readonly (uint Node, TransportKind First, TransportKind Second)[] s_peers =
    [
        (250_012, TransportKind.Ip, TransportKind.Rdma),
        (250_013, TransportKind.Socket, TransportKind.VSocket),
        (250_014, TransportKind.VSocket, TransportKind.Socket),
        (250_015, TransportKind.Rdma, TransportKind.Ip),
    ];

    private readonly List<ForwardHost> _hosts = [];
    private TemporaryDirectory _directory = null!;

    [SetUp]
    public void SetUp()
    {
        Requires.Lab();
        LabProgram.Run(Path.Combine(TestEnvironment.LabDirectory!, "guest", "soft-rdma"));
        _directory = new TemporaryDirectory();
    }

    [TearDown]
    public async Task TearDown()
    {
        foreach (ForwardHost host in _hosts)
            await host.DisposeAsync();
        _hosts.Clear();
        _directory.Dispose();
    }

    [Test]
    public async Task Four_peers_over_four_transports_and_a_change_of_all_rows_lose_and_reorder_nothing()
    {
        InstanceRoutes rows = new(Read(static peer => peer.First));
        await ChangeAllRows(
            rows.Sources,
            choose =>
            {
                rows.Replace(Read(choose));
                return Task.CompletedTask;
            }
        );
    }

    [Test]
    public async Task Lines_in_a_registry_move_four_peers_over_four_transports()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        await using FollowWorld world = FollowWorld.Start(static options => options.OwnNode = Center, server);
        await Replace(static peer => peer.First);
        await ChangeAllRows(world.Registry.Sources, Replace);

        async Task Replace(Choice choose)
        {
            for (int i = 0; i < s_peers.Length; i++)
            {
                TransportKind kind = choose(s_peers[i]);
                await server.EvalAsync(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"box.space.OverriddenNodes:replace({{ {s_peers[i].Node}, 0, {TransportTypeMap.NameOf(kind)}, "
                            + $"'{AddressOf(kind, FarRdma)}', {FirstPort + 1 + i} }})"
                    )
                );
            }
        }
    }

    private delegate TransportKind Choice((uint Node, TransportKind First, TransportKind Second) peer);

    private async Task ChangeAllRows(IReadOnlyList<IRouteSource> sources, Func<Choice, Task> replace)
    {
        Counter[] counters = new Counter[s_peers.Length];
        for (int i = 0; i < s_peers.Length; i++)
        {
            (uint node, TransportKind first, TransportKind second) = s_peers[i];
            counters[i] = new Counter();
            ForwardHostOptions peer = Options(node, FirstPort + 1 + i, FarRdma, counters[i]);
            peer.AddRoute(Center, first, FirstPort, AddressOf(first, NearRdma));
            peer.RouteSources.Add(
                new StaticRouteSource(
                    [new RouteRow(Center, 0, second, AddressOf(second, NearRdma), FirstPort)],
                    RouteTable.Nodes
                )
            );
            _hosts.Add(await ForwardHost.StartAsync(peer));
        }

        ForwardClient client = new();
        ForwardHostOptions options = Options(Center, FirstPort, NearRdma, client);
        foreach (IRouteSource source in sources)
            options.RouteSources.Add(source);
        ForwardHost center = await ForwardHost.StartAsync(options);
        _hosts.Add(center);
        ForwardStream[] streams = [.. s_peers.Select(peer => client.OpenStream(peer.Node, MessageClass.Reliable))];
        long sent = 0;
        await SendUntil(() => counters.All(static counter => counter.Received >= Before));
        AssertInUse(center, static peer => peer.First);

        for (int change = 1; change <= Changes; change++)
        {
            bool isSecond = change % 2 == 1;
            await replace(peer => isSecond ? peer.Second : peer.First);
            await SendUntil(() => IsInUse(center, peer => isSecond ? peer.Second : peer.First));
            long moved = sent;
            await SendUntil(() => counters.All(counter => counter.Received >= moved + After));
        }

        Eventually.True(
            () => counters.All(counter => counter.Received == sent),
            () => $"{string.Join(", ", counters.Select(static counter => counter.Received))} of {sent}"
        );
        Assert.That(counters.Select(static counter => counter.Fault), Has.All.Null);
        TestContext.Progress.WriteLine($"{sent} messages to each of four peers, {Changes} changes of all rows");

        async Task SendUntil(Func<bool> condition)
        {
            using CancellationTokenSource limit = new(LoopDriver.Limit);
            byte[] message = new byte[100];
            while (!condition())
            {
                BinaryPrimitives.WriteInt64LittleEndian(message, sent);
                foreach (ForwardStream stream in streams)
                {
                    SendResult result = await client.SendAsync(stream, message, cancellationToken: limit.Token);
                    Assert.That(result.Status, Is.EqualTo(SendStatus.Accepted));
                }

                sent++;
                await Task.Yield();
            }
        }
    }

    private static string AddressOf(TransportKind kind, string rdma) =>
        kind switch
        {
            TransportKind.Ip => "127.0.0.1",
            TransportKind.Rdma => rdma,
            TransportKind.VSocket => "1",
            _ => "",
        };

    private static bool IsInUse(ForwardHost center, Choice choose) =>
        s_peers.All(peer => InUse(center, peer.Node).SequenceEqual([choose(peer)]));

    private static void AssertInUse(ForwardHost center, Choice choose)
    {
        foreach ((uint Node, TransportKind First, TransportKind Second) peer in s_peers)
            Assert.That(InUse(center, peer.Node), Is.EqualTo(new[] { choose(peer) }), $"node {peer.Node}");
    }

    private static List<TransportKind> InUse(ForwardHost center, uint node)
    {
        TaskCompletionSource<List<TransportKind>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        center.Loop.Post(() =>
            answer.SetResult([
                .. center
                    .Node.GetPeer(node)!
                    .Paths.Where(static path => path.IsInUse)
                    .Select(static path => path.Transport)
                    .Distinct(),
            ])
        );
        return answer.Task.GetAwaiter().GetResult();
    }

    private InstanceSettings Read(Choice choose)
    {
        string file = _directory["center.conf"];
        IEnumerable<string> rows = s_peers.Select(
            (peer, i) =>
            {
                TransportKind kind = choose(peer);
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{peer.Node} = 0, {TransportTypeMap.NameOf(kind)}, {AddressOf(kind, FarRdma)}, {FirstPort + 1 + i}"
                );
            }
        );
        File.WriteAllLines(
            file,
            [
                $"network = {Center}",
                $"socket-directory = {_directory.Path}",
                "allow-unkeyed-network = yes",
                "[OverriddenNodes]",
                .. rows,
            ]
        );
        InstanceReading reading = InstanceReader.ReadFile(file);
        Assert.That(reading.Problems, Is.Empty);
        return reading.Settings!;
    }

    private ForwardHostOptions Options(uint node, int port, string rdma, IForwardHandler handler)
    {
        ForwardHostOptions options = new(node)
        {
            Ip = new IpTransportOptions { Port = port, Addresses = [IPAddress.Loopback] },
            Socket = new SocketTransportOptions { Port = port, Directory = _directory.Path },
            VSocket = new VSocketTransportOptions { Port = port },
            Rdma = new RdmaTransportOptions { Port = port, Addresses = [IPAddress.Parse(rdma)] },
            Handler = handler,
        };
        options.Node.AllowUnkeyedNetwork = true;
        return options;
    }

    /// <summary>Expects the numbers from 0 on, each once and in order.</summary>
    private sealed class Counter : IForwardHandler
    {
        private long _received;

        public long Received => Volatile.Read(ref _received);

        public string? Fault { get; private set; }

        public void OnMessage(in ReceivedMessage message)
        {
            long number = BinaryPrimitives.ReadInt64LittleEndian(message.Payload);
            if (number != _received)
                Fault ??= $"{number} instead of {_received}";
            Volatile.Write(ref _received, _received + 1);
        }
    }
}
