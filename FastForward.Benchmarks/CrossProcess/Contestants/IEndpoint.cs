using FastForward.Benchmarks.CrossProcess.Workloads;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>One side of a connection between two processes, by one implementation. Used by one thread.</summary>
internal interface IEndpoint : IDisposable
{
    /// <summary>What the near side needs to find this far side; known once the end point exists.</summary>
    string Address { get; }

    /// <summary>Messages can be sent.</summary>
    bool IsConnected { get; }

    /// <summary>Sends a copy of the message.</summary>
    /// <returns>False when there is no room: <see cref="Workload.OnWritable"/> follows.</returns>
    bool TrySend(ulong stream, ReadOnlySpan<byte> message);

    /// <summary>
    /// Hands what has come to the workload and calls it when it is due; without either it idles as its mode says, at most
    /// until the workload is due.
    /// </summary>
    void Turn(Workload workload);
}
