using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Impairment;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Rdma;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Host.Demo;

/// <summary>Runs the demo over every transport that is asked for and available.</summary>
internal static class DemoRun
{
    private static readonly TransportKind[] s_order =
    [
        TransportKind.Ip,
        TransportKind.Rdma,
        TransportKind.Socket,
        TransportKind.VSocket,
    ];

    /// <param name="asked">The transports to show; empty for all.</param>
    /// <param name="seconds">The length of the traffic over each.</param>
    /// <param name="impairment">What is done to datagrams; null for nothing.</param>
    /// <param name="screen">Progress.</param>
    /// <param name="cancellationToken">Ends the demo, its processes included.</param>
    public static async Task<DemoDocument> RunAsync(
        IReadOnlyCollection<TransportKind> asked,
        int seconds,
        ImpairmentOptions? impairment,
        DemoScreen screen,
        CancellationToken cancellationToken
    )
    {
        List<TransportReport> reports = [];
        foreach (TransportKind kind in s_order)
        {
            if (ReasonNotToRun(kind, asked, impairment) is { } reason)
            {
                reports.Add(
                    new TransportReport
                    {
                        Type = TransportTypeMap.NameOf(kind),
                        Available = false,
                        Reason = reason,
                    }
                );
                continue;
            }

            reports.Add(
                await new DemoPair(kind, seconds, impairment, screen).RunAsync(cancellationToken).ConfigureAwait(false)
            );
        }

        screen.ClearProgress();
        return new DemoDocument(reports);
    }

    private static string? ReasonNotToRun(
        TransportKind kind,
        IReadOnlyCollection<TransportKind> asked,
        ImpairmentOptions? impairment
    )
    {
        if (asked.Count > 0 && !asked.Contains(kind))
            return "not asked for";
        if (impairment is not null && kind is not TransportKind.Ip)
            return "it has no datagrams to impair";
        if (kind is TransportKind.VSocket)
            return VSocketTransport.CheckLoopback().Reason; // its processes share a machine
        using IForwardTransport transport = kind switch
        {
            TransportKind.Ip => new IpTransport(new IpTransportOptions()),
            TransportKind.Rdma => new RdmaTransport(new RdmaTransportOptions { Port = 1 }),
            _ => new SocketTransport(new SocketTransportOptions { Port = 1 }),
        };
        return transport.CheckAvailability().Reason;
    }
}
