using System.Globalization;
using System.Text.Json;
using FastForward.Host.Control;

namespace FastForward.Host.Monitoring;

/// <summary>What a person, or with JSON a program, sees of a series of probes.</summary>
internal sealed class PingScreen(TextWriter output, bool json, ControlRequest request)
{
    private readonly PingSummary _all = new();
    private readonly SortedDictionary<string, PingSummary> _byTransport = new(StringComparer.Ordinal);

    /// <summary>The figures so far.</summary>
    public PingSummary Summary => _all;

    public void Begin(PingBegin begin)
    {
        if (json)
            return;
        string filled =
            request.Size > 0
                ? string.Create(CultureInfo.InvariantCulture, $", probes filled up with {request.Size} bytes")
                : "";
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"PING node {begin.Node} from node {begin.From}{filled}")
        );
        output.Flush();
    }

    public void Reply(PingReply reply)
    {
        _all.Add(reply);
        if (reply.Transport is { } transport)
        {
            if (!_byTransport.TryGetValue(transport, out PingSummary? ofPath))
                _byTransport.Add(transport, ofPath = new PingSummary());
            ofPath.Add(reply);
        }

        output.WriteLine(
            json
                ? JsonSerializer.Serialize(new PingLine(reply, null), MonitoringJson.Default.PingLine)
                : VisibleText.Of(Text(reply))
        );
        output.Flush();
    }

    public void End()
    {
        PingFigures all = _all.Figures(request.Node);
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(new PingLine(null, all), MonitoringJson.Default.PingLine));
            output.Flush();
            return;
        }

        output.WriteLine();
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"--- node {request.Node}: {all.Sent} sent, {all.Received} received, "
                    + $"{Figures.Percent(all.LossPercent)} % lost"
            )
        );
        if (_byTransport.Count > 1)
        {
            foreach ((string transport, PingSummary ofPath) in _byTransport)
                Times($"{VisibleText.Of(Figures.Short(transport))} round trip", ofPath.Figures(request.Node));
        }
        else
        {
            Times("round trip", all);
        }

        output.Flush();
    }

    private void Times(string name, PingFigures figures)
    {
        if (figures.Received == 0)
            return;
        output.WriteLine(
            $"{name} min {Figures.Micros(figures.MinMicros!.Value)}, mean {Figures.Micros(figures.MeanMicros!.Value)}, "
                + $"p50 {Figures.Micros(figures.P50Micros!.Value)}, p90 {Figures.Micros(figures.P90Micros!.Value)}, "
                + $"p99 {Figures.Micros(figures.P99Micros!.Value)}, max {Figures.Micros(figures.MaxMicros!.Value)}"
        );
    }

    private static string Ends(PingReply reply) =>
        reply.Remote is null ? ""
        : reply.Local is null ? $" {reply.Remote}"
        : $" {reply.Remote} from {reply.Local}";

    private string Text(PingReply reply)
    {
        string path = reply.Transport is { } transport
            ? $" over {Figures.Short(transport)}{Ends(reply)}{(reply.InUse ? "" : " (not in use)")}"
            : "";
        string outcome = reply.Outcome switch
        {
            PingReply.Answered when reply.Transport is null => "time=0 us (this node itself)",
            PingReply.Answered => $"time={Figures.Micros(reply.RoundTripMicros)}",
            PingReply.TimedOut => string.Create(
                CultureInfo.InvariantCulture,
                $"no answer within {request.TimeoutMillis / 1000.0} s"
            ),
            PingReply.TooLong => "the path carries only shorter probes",
            PingReply.NotConnected => $"known but not connected: {reply.Reason}",
            _ => "the path ended before an answer came",
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"node {request.Node}{path}: seq={reply.Sequence} {outcome}"
        );
    }
}
