using FastForward.Benchmarks.CrossProcess.Processes;

namespace FastForward.Benchmarks.CrossProcess.Statistics;

/// <summary>The key of a report row: transport, implementation, mode and size.</summary>
internal sealed record Contest(string Transport, string Implementation, Mode Mode, int Size)
{
    /// <summary>The baseline of this row's ratios, with the same mode and size.</summary>
    public Contest Floor => this with { Implementation = ImplementationName.Floor };

    /// <summary>The baseline that batches as much as FastForward does, with the same mode and size.</summary>
    public Contest PackedFloor => this with { Implementation = ImplementationName.PackedFloor };

    /// <summary>NetMQ, which supports TCP only, with the same mode and size.</summary>
    public Contest NetMQ => this with { Transport = TransportName.Tcp, Implementation = ImplementationName.NetMQ };

    public override string ToString() => $"{Transport} {Implementation} {Mode.ToString().ToLowerInvariant()} {Size} B";
}
