using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Socket;

/// <summary>Settings of a <see cref="SocketTransport"/>.</summary>
public sealed class SocketTransportOptions
{
    /// <summary>The number in the socket's file name, 1..65535.</summary>
    public int Port { get; set; }

    /// <summary>
    /// The directory of the socket, whose name is <c>FastForward.&lt;port&gt;.sock</c>. Default <c>/tmp</c>. Other
    /// users must not be able to delete or replace files there: a sticky directory such as /tmp, or one of your own
    /// such as /run/fastforward.
    /// </summary>
    public string Directory { get; set; } = "/tmp";

    /// <summary>
    /// The permissions of the socket file; a process needs write permission to connect (unix(7)). Default 0660: the
    /// owner and the group.
    /// </summary>
    public UnixFileMode Mode { get; set; } =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>The group of the socket file, by name or number. Default null: that of the process.</summary>
    public string? Group { get; set; }

    /// <summary>
    /// The user ids of peers that are accepted, both as listener and as connector, as the kernel reports them
    /// (SO_PEERCRED, unix(7)). Default null: the effective user id of the process, and 0. Every further id can send
    /// frames to this process, as the nodes that <see cref="NodeUserIds"/> binds to it.
    /// </summary>
    public IReadOnlyCollection<uint>? AllowedUserIds { get; set; }

    /// <summary>
    /// The user id of a node's process, by node id. A process of the own user or of root may have any node id that is
    /// not bound here; a process of a further user only those that are bound to its user. Default null: none.
    /// </summary>
    public IReadOnlyDictionary<uint, uint>? NodeUserIds { get; set; }

    /// <summary>
    /// The longest frame in bytes, 1200..65536. Default 16 KiB. A link uses the smaller value of its two sides. Each
    /// open link has one buffer of this size.
    /// </summary>
    public int MaxFrameSize { get; set; } = 16 * 1024;

    /// <summary>How long a link may take to open, 10 ms..1 min. Default 5 s.</summary>
    public TimeSpan OpenTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Connections that may wait to be accepted, 1..4096. Default 128; the kernel grants at most
    /// <c>net.core.somaxconn</c> (listen(2)).
    /// </summary>
    public int Backlog { get; set; } = 128;

    /// <summary>
    /// Accepted connections that may be opening at once, 1..4096. Default 64. At the limit, a new one replaces the
    /// oldest one of the user with most of them.
    /// </summary>
    public int MaxPendingOpens { get; set; } = 64;

    /// <summary>
    /// Socket send buffer in bytes, per link. Default 1 MiB; the kernel grants at most <c>net.core.wmem_max</c>. It
    /// limits the kernel memory that a peer which does not read can hold.
    /// </summary>
    public int SendBufferSize { get; set; } = 1 << 20;

    /// <summary>
    /// The most memory that all links together share with their peers, in bytes, 0 or 1 MiB..1 GiB; a link needs about
    /// 520 KiB with the default <see cref="MaxFrameSize"/>. Default 64 MiB. Links beyond it, and those to a peer that
    /// offers no memory, use their sockets. 0 switches it off.
    /// </summary>
    public long SharedMemoryLimit { get; set; } = 64 << 20;

    internal string Path => SocketAddressText.PathOf(Directory, Port);

    internal SocketPlace Place =>
        new(
            Path,
            LibC.SOCK_SEQPACKET,
            Mode,
            Group,
            Backlog,
            "choose another port, or another directory for the sockets",
            "choose a shorter directory for the sockets"
        );

    internal uint[] EffectiveUserIds => SocketFile.AllowedUsers(AllowedUserIds);

    internal void Validate()
    {
        string problems = string.Join(' ', FindProblems());
        if (problems.Length > 0)
            throw new TransportException(problems);
    }

    /// <summary>All problems: each names the option, the problem, and a valid example.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (Port is < 1 or > 65535)
            yield return $"Port: {Port} is outside 1..65535; 30100 is an example.";
        if (string.IsNullOrEmpty(Directory) || !System.IO.Path.IsPathRooted(Directory) || Directory.Contains('\0'))
            yield return $"Directory: {AddressText.Quote(Directory)} is not an absolute path; /tmp is an example.";
        if (((int)Mode & ~0x1FF) != 0)
            yield return $"Mode: 0{Convert.ToString((int)Mode, 8)} has bits that are not permissions; "
                + "0660 is a good value.";
        if (Group is { Length: 0 })
            yield return "Group: it is empty; give the name or number of a group, or leave it null.";
        if (AllowedUserIds is { Count: 0 })
            yield return "AllowedUserIds: the list is empty; leave it null for the process's own user id and root.";
        foreach ((uint node, uint user) in NodeUserIds ?? new Dictionary<uint, uint>())
        {
            if (node == 0)
                yield return "NodeUserIds: 0 is not a node id; 250012 is an example.";
            else if (!EffectiveUserIds.Contains(user))
                yield return $"NodeUserIds: node {node} is bound to user id {user}, which may not connect; "
                    + $"add {user} to AllowedUserIds.";
        }

        if (MaxFrameSize is < 1200 or > 65_536)
            yield return $"MaxFrameSize: {MaxFrameSize} is outside 1200..65536; 16384 is a good value.";
        if (SharedMemoryLimit is not (0 or (>= 1 << 20 and <= 1 << 30)))
            yield return $"SharedMemoryLimit: {SharedMemoryLimit} is neither 0 nor in 1048576..1073741824; "
                + "67108864 is a good value.";
        if (OpenTimeout < TimeSpan.FromMilliseconds(10) || OpenTimeout > TimeSpan.FromMinutes(1))
            yield return $"OpenTimeout: {OpenTimeout} is outside 10 ms..1 min; 5 s is a good value.";
        if (Backlog is < 1 or > 4096)
            yield return $"Backlog: {Backlog} is outside 1..4096; 128 is a good value.";
        if (MaxPendingOpens is < 1 or > 4096)
            yield return $"MaxPendingOpens: {MaxPendingOpens} is outside 1..4096; 64 is a good value.";
        long twoFrames = 2L * Math.Clamp(MaxFrameSize, 1200, 65_536);
        if (SendBufferSize < twoFrames || SendBufferSize > 1 << 30)
            yield return $"SendBufferSize: {SendBufferSize} is outside {twoFrames} (two frames)..1073741824; "
                + "1048576 is a good value.";
    }
}
