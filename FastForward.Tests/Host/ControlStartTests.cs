using System.Runtime.Versioning;
using FastForward.Host.Control;
using FastForward.Host.Instances;
using FastForward.Host.Monitoring;
using FastForward.Host.Running;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Transports.VSocket;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FastForward.Tests.Host;

/// <summary>The control socket listens before its node starts.</summary>
[SupportedOSPlatform("linux")]
public sealed class ControlStartTests
{
    private const uint Node = 25_011;

    [Test]
    public async Task Until_the_node_has_started_every_request_is_answered_with_that()
    {
        using TemporaryDirectory directory = new();
        InstanceSettings settings = Settings(directory.Path);
        HostApplicationBuilder builder = InstanceServices.CreateBuilder<NoSignals>(settings);
        builder.Services.AddSingleton<InstanceIdentity>();
        builder.Services.AddHostedService<ControlSocket>();
        BetweenSocketAndNode between = new(ControlPath.Of(directory.Path, Node));
        builder.Services.AddHostedService(_ => between);
        builder.Services.AddInstance(settings, []).AddActor<Nothing>();
        using IHost host = builder.Build();

        await host.StartAsync();
        Assert.That(between.Refusals, Has.Count.EqualTo(2));
        Assert.That(between.Refusals, Is.All.Contains($"node {Node} is starting"));
        Assert.That(between.Health!.Status, Is.EqualTo("unhealthy"));
        Assert.That(between.Health.Problems.Single(), Does.Contain($"node {Node} is starting"));

        NodeReport report = (await between.AskAsync("stat")).Stat!;
        Assert.That(report.Transports.Single().Reason, Is.Null);
        Assert.That((await between.AskAsync("health")).Health!.Status, Is.EqualTo("healthy"));
        await host.StopAsync();
    }

    private static InstanceSettings Settings(string directory) =>
        new()
        {
            File = "test.conf",
            Network = Node,
            Port = 1,
            Transports = [TransportKind.Socket],
            Addresses = [],
            SocketDirectory = directory,
            ControlDirectory = directory,
            SocketMode = null,
            SocketGroup = null,
            AllowedUsers = null,
            NodeUsers = null,
            KeyFile = null,
            SharedMemory = 64,
            VSocketType = VSocketType.Auto,
            VSocketToHost = false,
            VSocketFallback = false,
            MaxPaths = 4,
            DiscoverLocalPeers = false,
            RdmaAddresses = [],
            RdmaLinks = 20,
            RdmaCredits = 64,
            Redundancy = RealTimeRedundancy.Auto,
            PathRedundancy = PathRedundancy.WhenDoubtful,
            ProbeMillis = 1000,
            Idle = default,
            AllowUnkeyedNetwork = false,
            RequireKey = null,
            RequireKeyFromAll = false,
            SealLocal = false,
            MarkRealTime = false,
            SegmentationOffload = false,
            Impairment = null,
            PeerMetrics = false,
            LogLevel = LogLevel.Warning,
            OverriddenNodes = [],
            Nodes = [],
            Registries = [],
            Bridges = [],
            Outlets = [],
        };

    private sealed class Nothing : IActor
    {
        public string Name => "nothing";
    }

    /// <summary>Asks when the socket has started and the node has not.</summary>
    private sealed class BetweenSocketAndNode(string path) : IHostedService
    {
        public List<string> Refusals { get; } = [];

        public HealthReport? Health { get; private set; }

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            foreach (string command in new[] { "stat", "ping" })
            {
                try
                {
                    await AskAsync(command);
                }
                catch (ControlFailure failure)
                {
                    Refusals.Add(failure.Message);
                }
            }

            Health = (await AskAsync("health")).Health;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task<ControlAnswer> AskAsync(string command)
        {
            ControlRequest request = new() { Command = command, Node = Node };
            using ControlClient client = ControlClient.Ask(path, request);
            return await client.ReadAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        }
    }

    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
