using FastForward.Host.Control;

namespace FastForward.Host.Monitoring;

/// <summary>One line of <c>ping --json</c>: a reply or, at the end, the summary.</summary>
internal sealed record PingLine(PingReply? Reply, PingFigures? Summary);
