using System.Diagnostics;
using System.Net;
using FastForward.Benchmarks.CrossProcess;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Benchmarks.Registry;

/// <summary>
/// Two nodes; one follows a registry, in which a line moves its traffic from UDP to a socket, and its removal back.
/// </summary>
internal static class MoveRun
{
    private const uint Near = 250_011;
    private const uint Far = 250_012;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <returns>Milliseconds from sending the line to Tarantool to the first message on the new path, sorted.</returns>
    public static double[] Measure(RegistryProcess server, int moves)
    {
        string directory = Directory.CreateTempSubdirectory("registry-benchmark-").FullName;
        try
        {
            return MeasureAsync(server, moves, directory).GetAwaiter().GetResult();
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<double[]> MeasureAsync(RegistryProcess server, int moves, string directory)
    {
        (int nearPort, int farPort) = FreePorts.FindTwo();
        await using TarantoolRegistry registry = server.Follow();
        ForwardClient client = new();
        ForwardHostOptions near = Options(Near, nearPort, directory, client);
        near.AddRoute(Far, TransportKind.Ip, farPort, "127.0.0.1");
        foreach (IRouteSource source in registry.Sources)
            near.RouteSources.Add(source);
        ForwardHostOptions far = Options(Far, farPort, directory, new Discard());
        far.AddRoute(Near, TransportKind.Ip, nearPort, "127.0.0.1");
        await using ForwardHost farHost = await ForwardHost.StartAsync(far).ConfigureAwait(false);
        await using ForwardHost nearHost = await ForwardHost.StartAsync(near).ConfigureAwait(false);
        ForwardStream stream = client.OpenStream(Far, MessageClass.Reliable);
        _ = await SendUntilAsync(TransportKind.Ip).ConfigureAwait(false);
        List<double> times = [];
        for (int move = 0; move < moves; move++)
        {
            bool toSocket = move % 2 == 0;
            string line = toSocket
                ? $"box.space.OverriddenNodes:replace({{ {Far}, 0, FORWARD_TRANSPORT_SOCKET, '', {farPort} }})"
                : $"box.space.OverriddenNodes:delete({Far})";
            long before = Stopwatch.GetTimestamp();
            await server.Client.EvalAsync(line).ConfigureAwait(false);
            long moved = await SendUntilAsync(toSocket ? TransportKind.Socket : TransportKind.Ip).ConfigureAwait(false);
            times.Add(Stopwatch.GetElapsedTime(before, moved).TotalMilliseconds);
        }

        times.Sort();
        return [.. times];

        // A message each millisecond; the time of the first one over the medium.
        async Task<long> SendUntilAsync(TransportKind kind)
        {
            long began = Stopwatch.GetTimestamp();
            using PeriodicTimer beat = new(TimeSpan.FromMilliseconds(1));
            while (Stopwatch.GetElapsedTime(began) < s_limit)
            {
                TaskCompletionSource<long> sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
                nearHost.Loop.Post(() =>
                {
                    bool isThere =
                        nearHost.Node.GetPeer(Far) is { State: PeerState.Connected } peer && peer.Transport == kind;
                    nearHost.Node.Send(Far, stream.Id, MessageClass.Reliable, "message"u8);
                    sent.SetResult(isThere ? Stopwatch.GetTimestamp() : 0);
                });
                if (await sent.Task.ConfigureAwait(false) is > 0 and long time)
                    return time;
                await beat.WaitForNextTickAsync().ConfigureAwait(false);
            }

            throw new BenchmarkFailure($"the traffic did not move to {kind} within {s_limit.TotalSeconds} s");
        }
    }

    private static ForwardHostOptions Options(uint node, int port, string directory, IForwardHandler handler) =>
        new(node)
        {
            Ip = new IpTransportOptions { Port = port, Addresses = [IPAddress.Loopback] },
            Socket = new SocketTransportOptions { Port = port, Directory = directory },
            Handler = handler,
        };
}
