namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>Which kind of AF_VSOCK socket the floor takes.</summary>
internal enum VSocketType
{
    /// <summary>SOCK_SEQPACKET.</summary>
    SeqPacket,

    /// <summary>SOCK_STREAM.</summary>
    Stream,
}
