using System.Globalization;
using FastForward.Transport;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Impairment;
using FastForward.Transport.Transports.Rdma;

namespace FastForward.Host.Demo;

/// <summary>Runs two node processes against each other over one transport and puts their counts together.</summary>
internal sealed class DemoPair(TransportKind kind, int seconds, ImpairmentOptions? impairment, DemoScreen screen)
{
    private const uint FirstNode = 25_011;
    private const uint SecondNode = 250_012;
    private const int Talkers = 16;
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan s_settleLimit = TimeSpan.FromSeconds(30);

    private readonly string _type = TransportTypeMap.NameOf(kind);
    private readonly DemoPhases _phases = new(impairment is null ? "" : $" with impair = {impairment}");

    /// <summary>Runs the demo of the transport.</summary>
    public async Task<TransportReport> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await DemoAttempts
                .RunAsync(_type, screen, directory => RunAsync(directory, cancellationToken))
                .ConfigureAwait(false);
        }
        catch (DemoFailure failure)
        {
            return new TransportReport
            {
                Type = _type,
                Available = true,
                Reason = failure.Message,
            };
        }
    }

    private async Task<TransportReport> RunAsync(string directory, CancellationToken cancellationToken)
    {
        int[] ports = FreePorts.Find(2);
        string first = WriteInstance(directory, FirstNode, ports[0], SecondNode, ports[1]);
        string second = WriteInstance(directory, SecondNode, ports[1], FirstNode, ports[0]);
        screen.Progress($"{_type}: starting nodes {FirstNode} and {SecondNode}");
        using DemoChild one = DemoChild.Start(FirstNode, Arguments(first, SecondNode));
        using DemoChild two = DemoChild.Start(SecondNode, Arguments(second, FirstNode));
        DemoChild[] children = [one, two];
        try
        {
            await ProgressAsync(
                    _phases.WaitAsync(
                        children,
                        static child => child.Connected,
                        s_connectLimit,
                        "connect",
                        cancellationToken
                    ),
                    second => $"connecting nodes {FirstNode} and {SecondNode} for {second} s",
                    cancellationToken
                )
                .ConfigureAwait(false);
            await TrafficAsync(children, cancellationToken).ConfigureAwait(false);
            foreach (DemoChild child in children)
                child.Stop();
            await _phases
                .WaitAsync(children, static child => child.Result, s_settleLimit, "stop", cancellationToken)
                .ConfigureAwait(false);
            await Task.WhenAll(one.Exited, two.Exited)
                .WaitAsync(s_settleLimit, cancellationToken)
                .ConfigureAwait(false);
            return DemoSummary.Of(
                _type,
                await one.Result.ConfigureAwait(false),
                await two.Result.ConfigureAwait(false),
                impairment
            );
        }
        catch (DemoFailure failure) when (!failure.IsPortTaken)
        {
            long sent = children.Sum(static child => child.Sent),
                delivered = children.Sum(static child => child.Delivered);
            return new TransportReport
            {
                Type = _type,
                Available = true,
                Reason = failure.Message,
                Sent = sent,
                Delivered = delivered,
                Lost = sent - delivered,
            };
        }
    }

    private async Task TrafficAsync(DemoChild[] children, CancellationToken cancellationToken)
    {
        Task done = _phases.WaitAsync(
            children,
            static child => child.Done,
            TimeSpan.FromSeconds(seconds) + s_settleLimit,
            "finish",
            cancellationToken
        );
        await ProgressAsync(
                done,
                second =>
                    $"second {Math.Min(second, seconds)} of {seconds}, {children.Sum(static child => child.Sent)} "
                    + $"messages sent, {children.Sum(static child => child.Delivered)} echoed and checked",
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    private async Task ProgressAsync(Task done, Func<int, string> text, CancellationToken cancellationToken)
    {
        for (int second = 1; ; second++)
        {
            Task tick = Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            if (await Task.WhenAny(done, tick).ConfigureAwait(false) == done)
                break;
            cancellationToken.ThrowIfCancellationRequested(); // it ends the tick early
            screen.Progress($"{_type}: {text(second)}");
        }

        await done.ConfigureAwait(false);
    }

    private string WriteInstance(string directory, uint node, int port, uint peer, int peerPort)
    {
        string file = Path.Combine(directory, $"{node}.conf");
        string address = kind switch
        {
            TransportKind.Ip => "127.0.0.1",
            TransportKind.Rdma => RdmaTransport.FindOwnAddress()?.ToString() ?? "",
            TransportKind.VSocket => VSocketEndPoint.LocalCid.ToString(CultureInfo.InvariantCulture),
            _ => "",
        };
        File.WriteAllText(
            file,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                network = {node}
                port = {port}
                transports = {_type}
                addresses = 127.0.0.1
                allow-unkeyed-network = {(kind is TransportKind.Rdma ? "yes" : "no")}
                socket-directory = {directory}
                log-level = {(impairment is null ? "warning" : "error")}
                {(impairment is null ? "" : $"impair = {impairment}")}

                [OverriddenNodes]
                {peer} = 0, {_type}, {address}, {peerPort}

                """
            )
        );
        return file;
    }

    private IEnumerable<string> Arguments(string file, uint peer) =>
        DemoNodeArguments.Of(file, peer, seconds, Talkers, relay: null);
}
