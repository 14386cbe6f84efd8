using System.Net;
using FastForward.Tests.Keys;
using FastForward.Transport;
using FastForward.Transport.DependencyInjection;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Impairment;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FastForward.Tests.DependencyInjection;

/// <summary>Options in a container: from code, from the configuration, and the messages for invalid ones.</summary>
[TestFixture]
public sealed class ForwardOptionsTests
{
    private static readonly ForwardKey s_key = ForwardKey.Generate(7, 25_011, 250_012);
    private static readonly TemporaryDirectory s_directory = new();

    [OneTimeSetUp]
    public void WriteKeys() => KeyFiles.Write(s_directory["keys"], s_key);

    [OneTimeTearDown]
    public void RemoveKeys()
    {
        s_directory.Dispose();
        s_key.Dispose();
    }

    [Test]
    public void All_problems_are_reported_together_when_the_host_starts()
    {
        string problems = ProblemsOf(services =>
            services
                .AddFastForward(static node =>
                {
                    node.MaxStreams = 0;
                    node.ProbeInterval = TimeSpan.MaxValue;
                })
                .AddSocketTransport(static socket => socket.Port = 70_000)
                .AddIpTransport(static ip => ip.MaxFrameSize = 1)
                .AddVSocketTransport(static vsocket => vsocket.Backlog = 0)
                .AddRoute(2, TransportKind.Socket, port: 0)
                .AddRoute(3, TransportKind.Ip, 54_000, "192.0.2.7")
                .ConfigureLoop(static loop => loop.PollBudget = 0)
                .ConfigureService(static service => service.HealthLimit = TimeSpan.Zero)
                .ConfigureClient(static client => client.PipeBacklog = 0)
        );
        Assert.Multiple(() =>
        {
            Assert.That(
                problems,
                Does.Contain("ForwardNodeOptions.Node: 0 is not a node id; use a number such as 25011.")
            );
            Assert.That(
                problems,
                Does.Contain("ForwardNodeOptions.MaxStreams: 0 is not allowed; use 1..1048576, such as 1024.")
            );
            Assert.That(problems, Does.Contain("ForwardNodeOptions.ProbeInterval: "));
            Assert.That(
                problems,
                Does.Contain("SocketTransportOptions.Port: 70000 is outside 1..65535; 30100 is an example.")
            );
            Assert.That(
                problems,
                Does.Contain("VSocketTransportOptions.Port: 0 is outside 1..65535; 54000 is an example.")
                    .And.Contain("VSocketTransportOptions.Backlog: 0 is outside")
            );
            Assert.That(
                problems,
                Does.Contain("IpTransportOptions.MaxFrameSize: 1 is outside 1200..1452; 1200 passes everywhere.")
            );
            Assert.That(
                problems,
                Does.Contain("ForwardLoopOptions.PollBudget: 0 is outside 1..65536; use for example 256.")
            );
            Assert.That(
                problems,
                Does.Contain(
                    "ForwardServiceOptions.HealthLimit: 00:00:00 is outside 10 ms..1 min; 00:00:02 is a good value."
                )
            );
            Assert.That(
                problems,
                Does.Contain("ForwardClientOptions.PipeBacklog: 0 is not allowed; use 1..65536, such as 128.")
            );
            Assert.That(problems, Does.Contain("has no handler for its messages: call AddHandler<THandler>()"));
            Assert.That(
                problems,
                Does.Contain("{ 2, 0, FORWARD_TRANSPORT_SOCKET, \"\", 0 }").And.Contain("write for example 54000")
            );
            Assert.That(
                problems,
                Does.Contain("{ 3, 0, FORWARD_TRANSPORT_IP, \"192.0.2.7\", 54000 }").And.Contain("key"),
                "a route that leaves the machine without a key"
            );
        });
    }

    [Test]
    public void Exactly_one_handler_or_actors_are_required()
    {
        Assert.That(
            ProblemsOf(static services => Complete(services).AddHandler<HostedHandler>()),
            Does.Contain("more than one handler")
        );
        Assert.That(
            ProblemsOf(static services =>
                services.AddFastForward(static node => node.Node = 1).AddHandler<HostedHandler>()
            ),
            Does.Contain("has no transport: call AddSocketTransport")
        );
    }

    [Test]
    public void The_configuration_sets_every_option()
    {
        using ServiceProvider provider = Provide(Right());
        Assert.That(
            provider.GetRequiredService<IOptions<ForwardNodeOptions>>().Value,
            Is.EqualTo(
                    new ForwardNodeOptions
                    {
                        Node = 25011,
                        SendStoreBytes = 200_000,
                        ReceiveWindowBytes = 2_000_000,
                        MaxStreams = 7,
                        MaxPendingHandshakes = 8,
                        RealTimeRedundancy = RealTimeRedundancy.Always,
                        PathRedundancy = PathRedundancy.Always,
                        ReplayWindow = 65_536,
                        ProbeInterval = TimeSpan.FromSeconds(2),
                        DeadAfter = TimeSpan.FromSeconds(20),
                        RealTimeBudget = TimeSpan.FromMilliseconds(300),
                        DrainLimit = TimeSpan.FromSeconds(3),
                        AllowUnkeyedNetwork = true,
                        RequireKey = [250012, 250013],
                        RequireKeyFromAll = true,
                        SealLocal = true,
                        VSocketFallback = true,
                        MaxPaths = 5,
                        DiscoverLocalPeers = true,
                        Keys = [s_key],
                        Impairment = ImpairmentOptions.Busy with { Seed = 7 },
                    }
                )
                .UsingPropertiesComparer()
        );
        Assert.That(
            provider.GetRequiredService<IOptions<ForwardLoopOptions>>().Value,
            Is.EqualTo(
                    new ForwardLoopOptions
                    {
                        Idle = IdleStrategy.Block,
                        SpinTime = TimeSpan.FromMicroseconds(7),
                        PollBudget = 8,
                        SlowCycleLimit = TimeSpan.FromMicroseconds(9),
                        SlowCycleGrace = TimeSpan.FromSeconds(6),
                        FailFast = true,
                    }
                )
                .UsingPropertiesComparer()
        );
        Assert.That(
            provider.GetRequiredService<IOptions<ForwardServiceOptions>>().Value,
            Is.EqualTo(
                    new ForwardServiceOptions
                    {
                        OnLoopFault = LoopFaultAction.Log,
                        HealthLimit = TimeSpan.FromSeconds(9),
                        PeerMetrics = true,
                    }
                )
                .UsingPropertiesComparer()
        );
        Assert.That(
            provider.GetRequiredService<IOptions<ForwardClientOptions>>().Value,
            Is.EqualTo(
                    new ForwardClientOptions
                    {
                        MaxPendingSends = 11,
                        RealTimeCapacity = 12,
                        PipeBacklog = 13,
                        RequestTimeout = TimeSpan.FromSeconds(14),
                        MaxRequestsPerNode = 15,
                        MaxConcurrentReplies = 16,
                        UnclaimedLimit = TimeSpan.FromSeconds(3),
                    }
                )
                .UsingPropertiesComparer()
        );
        Assert.That(
            provider.GetRequiredService<IOptions<IpTransportOptions>>().Value,
            Is.EqualTo(
                    new IpTransportOptions
                    {
                        Port = 54_000,
                        Addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback],
                        MarkRealTime = true,
                        SegmentationOffload = false,
                        MaxFrameSize = 1300,
                        ReceiveBufferSize = 70_000,
                        SendBufferSize = 80_000,
                    }
                )
                .UsingPropertiesComparer()
        );
        Assert.That(
            provider.GetRequiredService<IOptions<SocketTransportOptions>>().Value,
            Is.EqualTo(
                    new SocketTransportOptions
                    {
                        Port = 54_001,
                        Directory = "/run/fastforward",
                        Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                        Group = "radio",
                        AllowedUserIds = [0, 1000],
                        NodeUserIds = new Dictionary<uint, uint> { [250012] = 1000 },
                        MaxFrameSize = 2000,
                        OpenTimeout = TimeSpan.FromSeconds(1),
                        Backlog = 3,
                        MaxPendingOpens = 4,
                        SendBufferSize = 100_000,
                        SharedMemoryLimit = 2_000_000,
                    }
                )
                .UsingPropertiesComparer()
        );
        Assert.That(
            provider.GetRequiredService<IOptions<VSocketTransportOptions>>().Value,
            Is.EqualTo(
                    new VSocketTransportOptions
                    {
                        Port = 54_002,
                        Type = VSocketType.Stream,
                        ToHost = true,
                        MaxFrameSize = 3000,
                        OpenTimeout = TimeSpan.FromSeconds(2),
                        Backlog = 5,
                        MaxPendingOpens = 6,
                    }
                )
                .UsingPropertiesComparer()
        );
        OverrideResolver routes = provider.GetRequiredService<OverrideResolver>();
        Assert.That(
            routes.Find(250012)!.Preferred.Row,
            Is.EqualTo(new RouteRow(250012, 0, TransportKind.Socket, "", 54_012))
        );
        Assert.That(
            routes.Find(250013)!.Preferred.Row,
            Is.EqualTo(new RouteRow(250013, 7, TransportKind.Ip, "192.0.2.7", 54_013))
        );
    }

    [Test]
    public void Every_option_can_be_set_by_the_configuration()
    {
        Assert.Multiple(() =>
        {
            Same<ForwardNodeOptions>("", ["Loop", "Service", "Client", "Ip", "Socket", "VSocket", "Routes"]);
            Same<ForwardLoopOptions>("Loop:", []);
            Same<ForwardServiceOptions>("Service:", []);
            Same<ForwardClientOptions>("Client:", []);
            Same<IpTransportOptions>("Ip:", []);
            Same<SocketTransportOptions>("Socket:", []);
            Same<VSocketTransportOptions>("VSocket:", []);
        });

        // The test above must set every property, so that a new one is added to the configuration and to the test.
        static void Same<T>(string prefix, string[] sections)
        {
            IEnumerable<string> properties = typeof(T)
                .GetProperties()
                .Where(static property => property.SetMethod?.IsPublic == true)
                .Select(static property => property.Name);
            IEnumerable<string> keys = Right()
                .Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(key => key[prefix.Length..].Split(':')[0])
                .Distinct();
            Assert.That(keys.Except(sections), Is.EquivalentTo(properties), typeof(T).Name);
        }
    }

    [Test]
    public void Invalid_values_and_names_in_the_configuration_are_reported_with_their_path()
    {
        Dictionary<string, string?> wrong = new()
        {
            ["Node"] = "25O11",
            ["MaxStream"] = "7",
            ["Keys"] = "/nowhere/keys",
            ["Impairment"] = "loss=2",
            ["Loop:Idle"] = "sleepy",
            ["Client:RequestTimeout"] = "soon",
            ["Client:Requests"] = "7",
            ["Socket:Port"] = "many",
            ["Socket:Mode"] = "rw-rw----",
            ["Socket:AllowedUserIds:0"] = "root",
            ["Socket:NodeUserIds:250012"] = "root",
            ["Ip:Addresses"] = "192.0.2.7",
            ["Routes:0:Node"] = "2",
            ["Routes:0:Transport"] = "PIGEON",
            ["Routes:0:Port"] = "54000",
        };
        string problems = ProblemsOf(services => services.AddFastForward(Section(wrong)).AddHandler<HostedHandler>());
        Assert.Multiple(() =>
        {
            Assert.That(problems, Does.Contain("FastForward:Node: \"25O11\" is invalid; for example 25011."));
            Assert.That(
                problems,
                Does.Contain("FastForward:MaxStream: unknown option; the options are Node, SendStoreBytes,")
            );
            Assert.That(
                problems,
                Does.Contain("FastForward:Keys: \"/nowhere/keys\" is invalid: /nowhere/keys: there is no such file. ")
            );
            Assert.That(
                problems,
                Does.Contain("FastForward:Impairment: \"loss=2\" is invalid: loss=2 is no percentage, as in loss=2%.")
            );
            Assert.That(
                problems,
                Does.Contain("FastForward:Loop:Idle: \"sleepy\" is invalid; for example Adaptive, BusySpin, Block.")
            );
            Assert.That(
                problems,
                Does.Contain("FastForward:Client:RequestTimeout: \"soon\" is invalid; for example 00:00:05.")
                    .And.Contain("FastForward:Client:Requests: unknown option; the options are MaxPendingSends,")
            );
            Assert.That(problems, Does.Contain("FastForward:Socket:Port: \"many\" is invalid; for example 54000."));
            Assert.That(problems, Does.Contain("FastForward:Socket:Mode: \"rw-rw----\" is invalid; for example 0660."));
            Assert.That(
                problems,
                Does.Contain("FastForward:Socket:AllowedUserIds:0: \"root\" is invalid; for example 1000.")
            );
            Assert.That(
                problems,
                Does.Contain(
                    "FastForward:Socket:NodeUserIds: \"250012\" = \"root\" is invalid; "
                        + "for example { \"250012\": 1001 }."
                )
            );
            Assert.That(
                problems,
                Does.Contain("FastForward:Ip:Addresses: \"192.0.2.7\" is one value where a list is expected")
            );
            Assert.That(
                problems,
                Does.Contain(
                    "FastForward:Routes:0:Transport: \"PIGEON\" is invalid; for example SOCKET, IP, VSOCKET, RDMA."
                )
            );
        });
    }

    [Test]
    public void Routes_follow_the_configuration_and_an_invalid_list_changes_nothing()
    {
        ConfigurationManager configuration = new();
        configuration.AddInMemoryCollection(
            Right().Select(static pair => KeyValuePair.Create($"FastForward:{pair.Key}", pair.Value))
        );
        using ServiceProvider provider = Provide(configuration.GetSection("FastForward"));
        OverrideResolver routes = provider.GetRequiredService<OverrideResolver>();
        configuration["FastForward:Routes:1:Port"] = "54999";
        ((IConfigurationRoot)configuration).Reload();
        Assert.That(routes.Find(250013)!.Preferred.Row.Port, Is.EqualTo(54_999));
        configuration["FastForward:Routes:1:Port"] = "54998";
        configuration["FastForward:Routes:0:Port"] = "x";
        ((IConfigurationRoot)configuration).Reload();
        Assert.That(routes.Find(250013)!.Preferred.Row.Port, Is.EqualTo(54_999));
        Assert.That(routes.Find(250012)!.Preferred.Row.Port, Is.EqualTo(54_012));
    }

    private static Dictionary<string, string?> Right() =>
        new()
        {
            ["Node"] = "25011",
            ["SendStoreBytes"] = "200000",
            ["ReceiveWindowBytes"] = "2000000",
            ["MaxStreams"] = "7",
            ["MaxPendingHandshakes"] = "8",
            ["RealTimeRedundancy"] = "Always",
            ["PathRedundancy"] = "Always",
            ["ReplayWindow"] = "65536",
            ["ProbeInterval"] = "00:00:02",
            ["DeadAfter"] = "00:00:20",
            ["RealTimeBudget"] = "00:00:00.300",
            ["DrainLimit"] = "00:00:03",
            ["AllowUnkeyedNetwork"] = "true",
            ["RequireKey:0"] = "250012",
            ["RequireKey:1"] = "250013",
            ["RequireKeyFromAll"] = "true",
            ["SealLocal"] = "true",
            ["VSocketFallback"] = "true",
            ["MaxPaths"] = "5",
            ["DiscoverLocalPeers"] = "true",
            ["Keys"] = s_directory["keys"],
            ["Impairment"] = "busy, seed=7",
            ["Loop:Idle"] = "block",
            ["Loop:SpinTime"] = "00:00:00.000007",
            ["Loop:PollBudget"] = "8",
            ["Loop:SlowCycleLimit"] = "00:00:00.000009",
            ["Loop:SlowCycleGrace"] = "00:00:06",
            ["Loop:FailFast"] = "true",
            ["Service:OnLoopFault"] = "Log",
            ["Service:HealthLimit"] = "00:00:09",
            ["Service:PeerMetrics"] = "true",
            ["Client:MaxPendingSends"] = "11",
            ["Client:RealTimeCapacity"] = "12",
            ["Client:PipeBacklog"] = "13",
            ["Client:RequestTimeout"] = "00:00:14",
            ["Client:MaxRequestsPerNode"] = "15",
            ["Client:MaxConcurrentReplies"] = "16",
            ["Client:UnclaimedLimit"] = "00:00:03",
            ["Ip:Port"] = "54000",
            ["Ip:Addresses:0"] = "127.0.0.1",
            ["Ip:Addresses:1"] = "::1",
            ["Ip:MarkRealTime"] = "true",
            ["Ip:SegmentationOffload"] = "false",
            ["Ip:MaxFrameSize"] = "1300",
            ["Ip:ReceiveBufferSize"] = "70000",
            ["Ip:SendBufferSize"] = "80000",
            ["Socket:Port"] = "54001",
            ["Socket:Directory"] = "/run/fastforward",
            ["Socket:Mode"] = "0600",
            ["Socket:Group"] = "radio",
            ["Socket:AllowedUserIds:0"] = "0",
            ["Socket:AllowedUserIds:1"] = "1000",
            ["Socket:NodeUserIds:250012"] = "1000",
            ["Socket:MaxFrameSize"] = "2000",
            ["Socket:OpenTimeout"] = "00:00:01",
            ["Socket:Backlog"] = "3",
            ["Socket:MaxPendingOpens"] = "4",
            ["Socket:SendBufferSize"] = "100000",
            ["Socket:SharedMemoryLimit"] = "2000000",
            ["VSocket:Port"] = "54002",
            ["VSocket:Type"] = "stream",
            ["VSocket:ToHost"] = "true",
            ["VSocket:MaxFrameSize"] = "3000",
            ["VSocket:OpenTimeout"] = "00:00:02",
            ["VSocket:Backlog"] = "5",
            ["VSocket:MaxPendingOpens"] = "6",
            ["Routes:0:Node"] = "250012",
            ["Routes:0:Transport"] = "SOCKET",
            ["Routes:0:Port"] = "54012",
            ["Routes:1:Node"] = "250013",
            ["Routes:1:Key"] = "7",
            ["Routes:1:Transport"] = "FORWARD_TRANSPORT_IP",
            ["Routes:1:Address"] = "192.0.2.7",
            ["Routes:1:Port"] = "54013",
        };

    private static IConfigurationSection Section(Dictionary<string, string?> values) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                values.Select(static pair => KeyValuePair.Create($"FastForward:{pair.Key}", pair.Value))
            )
            .Build()
            .GetSection("FastForward");

    private static ServiceProvider Provide(Dictionary<string, string?> values) => Provide(Section(values));

    private static ServiceProvider Provide(IConfigurationSection section)
    {
        ServiceCollection services = new();
        services.AddFastForward(section).AddHandler<HostedHandler>();
        return services.BuildServiceProvider();
    }

    private static ForwardBuilder Complete(IServiceCollection services) =>
        services
            .AddFastForward(static node => node.Node = 1)
            .AddSocketTransport(static socket => socket.Port = 40_001)
            .AddHandler<HostedHandler>();

    private static string ProblemsOf(Action<IServiceCollection> add)
    {
        HostApplicationBuilder app = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings()
        );
        add(app.Services);
        using IHost host = app.Build();
        Exception? failure = Assert.Catch(() => Eventually.Ends(host.StartAsync(), "the start"));
        IEnumerable<Exception> all = failure is AggregateException several
            ? several.Flatten().InnerExceptions
            : [failure!];
        return string.Join(
            '\n',
            all.Cast<OptionsValidationException>().SelectMany(static exception => exception.Failures)
        );
    }
}
