using FastForward.Benchmarks.CrossProcess.Processes;

namespace FastForward.Benchmarks.CrossProcess.Statistics;

/// <summary>One row of a report: a contestant in a mode with a size, and what identifies it.</summary>
internal sealed record Contest(string Transport, string Implementation, Mode Mode, int Size)
{
    /// <summary>The row against which this one is held, in the same mode with the same size.</summary>
    public Contest Floor => this with { Implementation = ImplementationName.Floor };

    /// <summary>NetMQ, which only speaks TCP, in the same mode with the same size.</summary>
    public Contest NetMQ => this with { Transport = TransportName.Tcp, Implementation = ImplementationName.NetMQ };

    public override string ToString() => $"{Transport} {Implementation} {Mode.ToString().ToLowerInvariant()} {Size} B";
}
