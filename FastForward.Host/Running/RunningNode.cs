using System.Diagnostics;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Diagnostics;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Running;

/// <summary>
/// A node as an instance file describes it: loop, transports, routes and actors, on the thread that calls
/// <see cref="Run"/>.
/// </summary>
internal sealed class RunningNode : IDisposable
{
    private readonly OverrideResolver _routes;
    private readonly ForwardMetrics _metrics = new();
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>Puts the node together without starting anything.</summary>
    public RunningNode(InstanceSettings settings, ILoggerFactory loggers)
    {
        Settings = settings;
        ForwardLoopOptions loopOptions = new() { Idle = settings.Idle };
        SlowCycleMicros = (int)loopOptions.SlowCycleLimit.TotalMicroseconds;
        Loop = new ForwardLoop(loopOptions, logger: loggers.CreateLogger<ForwardLoop>());
        Actors = new ActorSystem(loggers);
        _routes = new OverrideResolver(
            settings.RouteSources,
            new RouteOptions { SocketDirectory = settings.SocketDirectory, AllowUnkeyedIp = settings.AllowUnkeyedIp },
            loggers.CreateLogger<OverrideResolver>()
        );
        Transports = TransportsOf(settings, loggers);
        Node = new ForwardNode(
            Loop,
            new ForwardNodeOptions
            {
                Node = settings.Network,
                AllowUnkeyedIp = settings.AllowUnkeyedIp,
                VSocketFallback = settings.VSocketFallback,
                MaxStreams = StreamsNeeded(settings),
            },
            Transports,
            _routes,
            loggers.CreateLogger<ForwardNode>()
        );
        _metrics.Add(Node);
    }

    /// <summary>What the instance file says.</summary>
    public InstanceSettings Settings { get; }

    /// <summary>The transports, with those that do not run on this machine.</summary>
    public IReadOnlyList<IForwardTransport> Transports { get; }

    /// <summary>A cycle of the loop longer than this counts as slow.</summary>
    public int SlowCycleMicros { get; }

    /// <summary>How long ago the node was put together.</summary>
    public TimeSpan Uptime => Stopwatch.GetElapsedTime(_began);

    /// <summary>The loop.</summary>
    public ForwardLoop Loop { get; }

    /// <summary>The actors; add them before <see cref="Start"/>.</summary>
    public ActorSystem Actors { get; }

    /// <summary>The node.</summary>
    public ForwardNode Node { get; }

    /// <summary>Takes the ports and starts the actors.</summary>
    /// <exception cref="StartFailure">A port or socket file cannot be had.</exception>
    public void Start()
    {
        Actors.Start(Node, Loop);
        try
        {
            Node.Start(Actors);
        }
        catch (TransportException exception)
        {
            Actors.Stop();
            throw new StartFailure(exception.Message, exception);
        }
    }

    /// <summary>Runs until <see cref="Stop"/> has done its work.</summary>
    public void Run()
    {
        Loop.Run();
        Actors.Stop();
    }

    /// <summary>Begins a clean stop: drains, tells the peers, removes the socket file, ends <see cref="Run"/>. Any thread may call it.</summary>
    public void Stop() => Loop.Post(() => Node.StopAsync().ContinueWith(_ => Loop.StopAsync(), TaskScheduler.Default));

    public void Dispose()
    {
        Node.Dispose();
        _routes.Dispose();
        Loop.Dispose();
        _metrics.Dispose();
    }

    /// <summary>The kinds that this program can make, with or without what the machine needs for them.</summary>
    public static IForwardTransport CreateTransport(
        TransportKind kind,
        InstanceSettings settings,
        ILoggerFactory loggers
    ) =>
        kind switch
        {
            TransportKind.Ip => new IpTransport(IpOptions(settings), loggers.CreateLogger<IpTransport>()),
            TransportKind.Socket => new SocketTransport(
                SocketOptions(settings),
                loggers.CreateLogger<SocketTransport>()
            ),
            TransportKind.VSocket => new VSocketTransport(
                new VSocketTransportOptions
                {
                    Port = settings.Port,
                    Type = settings.VSocketType,
                    ToHost = settings.VSocketToHost,
                },
                loggers.CreateLogger<VSocketTransport>()
            ),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not built yet"),
        };

    private static IpTransportOptions IpOptions(InstanceSettings settings)
    {
        IpTransportOptions options = new()
        {
            Port = settings.Port,
            MarkRealTime = settings.MarkRealTime,
            SegmentationOffload = settings.SegmentationOffload,
        };
        if (settings.Addresses.Count > 0)
            options.Addresses = settings.Addresses;
        return options;
    }

    /// <summary>What the instance file says of sockets.</summary>
    public static SocketTransportOptions SocketOptions(InstanceSettings settings)
    {
        SocketTransportOptions options = new()
        {
            Port = settings.Port,
            Directory = settings.SocketDirectory,
            Group = settings.SocketGroup,
            AllowedUserIds = settings.AllowedUsers,
        };
        if (settings.SocketMode is { } mode)
            options.Mode = mode;
        return options;
    }

    private static List<IForwardTransport> TransportsOf(InstanceSettings settings, ILoggerFactory loggers) =>
        [.. settings.Transports.Select(kind => CreateTransport(kind, settings, loggers))];

    /// <summary>Every client of a bridge or an outlet has a stream; the library's default suits the rest.</summary>
    private static int StreamsNeeded(InstanceSettings settings)
    {
        int clients =
            settings.Bridges.Sum(static bridge => bridge.MaxClients)
            + settings.Outlets.Sum(static outlet => outlet.MaxClients);
        return Math.Min(Math.Max(new ForwardNodeOptions().MaxStreams, clients + (clients / 4)), 1 << 20);
    }
}
