using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Socket;

/// <summary>Settings of a <see cref="SocketTransport"/>.</summary>
public sealed class SocketTransportOptions
{
    /// <summary>The number in the socket's file name, 1..65535.</summary>
    public int Port { get; set; }

    /// <summary>
    /// Where the socket lies, as <c>FastForward.&lt;port&gt;.sock</c>. Default <c>/tmp</c>. Others may not delete or
    /// replace files there: a sticky directory such as /tmp, or one of your own such as /run/fastforward.
    /// </summary>
    public string Directory { get; set; } = "/tmp";

    /// <summary>
    /// The permissions of the socket file; write permission is what lets a process connect. Default 0660: the owner and
    /// the group.
    /// </summary>
    public UnixFileMode Mode { get; set; } =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>The group of the socket file, by name or number. Default null: the process's own.</summary>
    public string? Group { get; set; }

    /// <summary>
    /// The user ids this side talks to, as listener and as connector, judged by the kernel's word (SO_PEERCRED). Default
    /// null: the process's own effective user id and 0. Each further id can send frames to this process.
    /// </summary>
    public IReadOnlyCollection<uint>? AllowedUserIds { get; set; }

    /// <summary>
    /// The longest frame in bytes, 1200..65536. Default 16 KiB. A link takes the smaller value of its two sides. Each
    /// open link holds one such buffer.
    /// </summary>
    public int MaxFrameSize { get; set; } = 16 * 1024;

    /// <summary>How long a link may take to open, 10 ms..1 min. Default 5 s.</summary>
    public TimeSpan OpenTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Connections that may wait to be accepted, 1..4096. Default 128; the kernel grants at most <c>net.core.somaxconn</c>.</summary>
    public int Backlog { get; set; } = 128;

    /// <summary>Accepted connections that may be opening at once, 1..4096. Default 64. One more takes the place of the oldest.</summary>
    public int MaxPendingOpens { get; set; } = 64;

    /// <summary>
    /// Socket send buffer in bytes, per link. Default 1 MiB; the kernel grants at most <c>net.core.wmem_max</c>. It
    /// bounds what a receiver that does not read may leave in the kernel.
    /// </summary>
    public int SendBufferSize { get; set; } = 1 << 20;

    internal string Path => SocketAddressText.PathOf(Directory, Port);

    internal SocketPlace Place =>
        new(Path, Mode, Group, Backlog, "choose another Port or Directory", "choose a shorter Directory");

    internal uint[] EffectiveUserIds => [.. (AllowedUserIds ?? [LibC.EffectiveUserId(), 0]).Distinct()];

    internal void Validate()
    {
        string problems = string.Join(' ', FindProblems());
        if (problems.Length > 0)
            throw new TransportException(problems);
    }

    /// <summary>Every problem, each with the option, what is wrong and a right example.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (Port is < 1 or > 65535)
            yield return $"Port: {Port} is outside 1..65535; 30100 is an example.";
        if (string.IsNullOrEmpty(Directory) || !System.IO.Path.IsPathRooted(Directory) || Directory.Contains('\0'))
            yield return $"Directory: {AddressText.Quote(Directory)} is no absolute path; /tmp is an example.";
        if (((int)Mode & ~0x1FF) != 0)
            yield return $"Mode: 0{Convert.ToString((int)Mode, 8)} has more than permission bits; 0660 is a good value.";
        if (Group is { Length: 0 })
            yield return "Group: it is empty; name a group, give its number, or leave it null.";
        if (AllowedUserIds is { Count: 0 })
            yield return "AllowedUserIds: nobody is allowed; leave it null for the own user id and root.";
        if (MaxFrameSize is < 1200 or > 65_536)
            yield return $"MaxFrameSize: {MaxFrameSize} is outside 1200..65536; 16384 is a good value.";
        if (OpenTimeout < TimeSpan.FromMilliseconds(10) || OpenTimeout > TimeSpan.FromMinutes(1))
            yield return $"OpenTimeout: {OpenTimeout} is outside 10 ms..1 min; 5 s is a good value.";
        if (Backlog is < 1 or > 4096)
            yield return $"Backlog: {Backlog} is outside 1..4096; 128 is a good value.";
        if (MaxPendingOpens is < 1 or > 4096)
            yield return $"MaxPendingOpens: {MaxPendingOpens} is outside 1..4096; 64 is a good value.";
        long twoFrames = 2L * Math.Clamp(MaxFrameSize, 1200, 65_536);
        if (SendBufferSize < twoFrames || SendBufferSize > 1 << 30)
            yield return $"SendBufferSize: {SendBufferSize} is outside {twoFrames} (two frames)..1073741824; 1048576 is a good value.";
    }
}
