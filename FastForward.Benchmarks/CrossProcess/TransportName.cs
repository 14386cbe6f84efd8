namespace FastForward.Benchmarks.CrossProcess;

/// <summary>Names of the media in options and reports.</summary>
internal static class TransportName
{
    public const string Ip = "ip";
    public const string Socket = "socket";

    /// <summary>A UNIX socket whose sides share memory.</summary>
    public const string Memory = "memory";

    public const string VSocket = "vsock";
    public const string Rdma = "rdma";
    public const string Tcp = "tcp";

    public static string[] All { get; } = [Ip, Socket, Memory, VSocket, Rdma, Tcp];
}
