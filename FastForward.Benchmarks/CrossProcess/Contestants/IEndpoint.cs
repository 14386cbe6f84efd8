using FastForward.Benchmarks.CrossProcess.Workloads;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>One side of a connection between two processes, over one implementation. Not thread-safe.</summary>
internal interface IEndpoint : IDisposable
{
    /// <summary>The address for the client to connect to; valid once the endpoint exists.</summary>
    string Address { get; }

    /// <summary>Whether messages can be sent.</summary>
    bool IsConnected { get; }

    /// <summary>Sends a copy of the message.</summary>
    /// <returns>False if there is no room; <see cref="Workload.OnWritable"/> is called later.</returns>
    bool TrySend(ulong stream, ReadOnlySpan<byte> message);

    /// <summary>
    /// One iteration of the event loop: passes received messages to the workload and calls it when it is due. If there
    /// was nothing to do, idles according to the mode, at most until the workload is due.
    /// </summary>
    void Turn(Workload workload);
}
