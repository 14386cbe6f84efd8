using System.Globalization;
using System.Text;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Socket;

/// <summary>
/// The socket file and its lock file. The lock (flock(2)), which the kernel releases when its holder exits or is
/// killed, shows whether the owner is running. A stale socket file is removed only if (1) this process holds the lock,
/// (2) the file is a socket, (3) it belongs to our user id, and (4) connecting to it is refused.
/// </summary>
internal sealed unsafe class SocketFile : IDisposable
{
    private const int LockAttempts = 16;
    private const uint OwnerOnly = 0x180; // 0600

    private readonly SocketPlace _place;
    private readonly string _path;
    private readonly string _lockPath;
    private Descriptor? _lock;
    private FileIdentity? _socket;

    private SocketFile(SocketPlace place)
    {
        _place = place;
        _path = place.Path;
        _lockPath = place.Path + ".lock";
    }

    /// <summary>Takes the lock and creates the listening socket.</summary>
    /// <exception cref="TransportException">The path is in use, or the file system refuses.</exception>
    public static SocketFile Create(SocketPlace place, UnixMedium medium, out Descriptor listener)
    {
        int bytes = Encoding.UTF8.GetByteCount(place.Path);
        if (bytes >= LibC.UnixPathCapacity)
            throw new TransportException(
                $"{place.Path} has {bytes} bytes; the path of a UNIX socket has at most {LibC.UnixPathCapacity - 1}: "
                    + $"{place.ShorterAdvice}."
            );
        SocketFile file = new(place);
        Descriptor? socket = null;
        try
        {
            file.TakeLock();
            file.RemoveStale(medium);
            socket = file.Listen(medium);
        }
        catch
        {
            socket?.Dispose();
            file.Dispose();
            throw;
        }

        listener = socket;
        return file;
    }

    /// <summary>Removes the socket file if it is still the one created by this instance.</summary>
    public void RemoveSocket()
    {
        if (_socket is { } identity && ReadStatus(_path)?.Identity == identity)
            LibC.Unlink(_path);
        _socket = null;
    }

    public void Dispose()
    {
        RemoveSocket();
        if (_lock is null)
            return;

        // Removed while still locked: a process that has opened it checks the name after it gets the lock.
        if (ReadStatus(_lock) is { } held && ReadStatus(_lockPath)?.Identity == held.Identity)
            LibC.Unlink(_lockPath);
        _lock.Dispose();
        _lock = null;
    }

    private static (FileIdentity Identity, uint Owner, int Type)? ReadStatus(string path)
    {
        LibC.FileStatus status;
        return LibC.Status(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW, LibC.STATX_BASIC_STATS, &status) == 0
            ? Read(status)
            : null;
    }

    private static (FileIdentity Identity, uint Owner, int Type)? ReadStatus(Descriptor file)
    {
        LibC.FileStatus status;
        return LibC.Status(file, string.Empty, LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &status) == 0
            ? Read(status)
            : null;
    }

    private static (FileIdentity Identity, uint Owner, int Type) Read(in LibC.FileStatus status) =>
        (
            new FileIdentity(status.DeviceMajor, status.DeviceMinor, status.Inode),
            status.UserId,
            status.Mode & LibC.S_IFMT
        );

    private void TakeLock()
    {
        for (int attempt = 0; attempt < LockAttempts; attempt++)
        {
            Descriptor file = new(
                LibC.Open(_lockPath, LibC.O_RDWR | LibC.O_CREAT | LibC.O_CLOEXEC | LibC.O_NOFOLLOW, OwnerOnly)
            );
            if (file.IsInvalid)
                throw LockRefused(LibC.LastError);
            try
            {
                if (ReadStatus(file) is not { Type: LibC.S_IFREG } opened)
                    throw new TransportException($"{_lockPath} is not a regular file; remove it.");
                if (opened.Owner != LibC.EffectiveUserId())
                    throw new TransportException(
                        $"{_lockPath} belongs to user id {opened.Owner}, not to ours ({LibC.EffectiveUserId()}). "
                            + $"Remove it if it is no longer used, or {_place.ElsewhereAdvice}."
                    );
                if (LibC.Lock(file, LibC.LOCK_EX | LibC.LOCK_NB) != 0)
                    throw Busy(file, LibC.LastError);

                // The previous owner may have removed the file between open and lock; then another process could lock a
                // new file of this name.
                if (ReadStatus(_lockPath)?.Identity != opened.Identity)
                    continue;
                WriteOwner(file);
                _lock = file;
                return;
            }
            finally
            {
                if (!ReferenceEquals(_lock, file))
                    file.Dispose();
            }
        }

        throw new TransportException(
            $"{_lockPath} keeps being replaced; check whether another process starts and stops on this port repeatedly."
        );
    }

    private void RemoveStale(UnixMedium medium)
    {
        if (ReadStatus(_path) is not { } found)
            return;
        if (found.Type != LibC.S_IFSOCK)
            throw new TransportException(
                $"{_path} exists and is not a socket, so FastForward did not create it; "
                    + $"remove it, or {_place.ElsewhereAdvice}."
            );
        if (found.Owner != LibC.EffectiveUserId())
            throw new TransportException(
                $"{_path} is a socket of user id {found.Owner}, not of ours ({LibC.EffectiveUserId()}). "
                    + $"Remove it if it is no longer used, or {_place.ElsewhereAdvice}."
            );

        // The lock excludes other FastForward processes; the connect excludes other programs.
        using Descriptor probe = medium.CreateSocket();
        if (probe.IsInvalid)
            throw new TransportException($"The kernel provides no UNIX socket: {LibC.Describe(LibC.LastError)}.");
        int answer = medium.Connect(probe, new System.Net.Sockets.UnixDomainSocketEndPoint(_path));
        if (answer != Errno.ECONNREFUSED)
            throw new TransportException(
                $"{_path} is in use by a program that is not FastForward "
                    + $"({(answer == 0 ? "it accepts connections" : LibC.Describe(answer))}); "
                    + $"stop it, or {_place.ElsewhereAdvice}."
            );
        if (LibC.Unlink(_path) != 0 && LibC.LastError != Errno.ENOENT)
            throw new TransportException(
                $"{_path} was left by a process that has exited and cannot be removed: "
                    + $"{LibC.Describe(LibC.LastError)}."
            );
    }

    // No connection is possible before listen(2), so the permissions are in force for the first one.
    private Descriptor Listen(UnixMedium medium)
    {
        Descriptor socket = medium.CreateSocket();
        if (socket.IsInvalid)
            throw new TransportException($"The kernel provides no UNIX socket: {LibC.Describe(LibC.LastError)}.");
        try
        {
            LibC.UnixSocketAddress address = new() { Family = LibC.AF_UNIX };
            Encoding.UTF8.GetBytes(_path, new Span<byte>(address.Path, LibC.UnixPathCapacity));
            if (LibC.Bind(socket, &address, (uint)sizeof(LibC.UnixSocketAddress)) != 0)
                throw Refused("bound", LibC.LastError, "check the permissions of the directory");
            _socket = ReadStatus(_path)?.Identity;
            if (LibC.ChangeMode(_path, (uint)_place.Mode) != 0)
                throw Refused("given its mode", LibC.LastError, "check the file system");
            if (_place.Group is { } group && LibC.ChangeOwner(_path, uint.MaxValue, SystemGroups.Find(group)) != 0)
                throw Refused(
                    $"given to group {group}",
                    LibC.LastError,
                    "the process must be a member of the group, or root"
                );
            if (LibC.Listen(socket, _place.Backlog) != 0)
                throw Refused("listened at", LibC.LastError, "see listen(2)");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void WriteOwner(Descriptor file)
    {
        ReadOnlySpan<byte> text = Encoding.ASCII.GetBytes(
            Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"
        );
        if (LibC.Truncate(file, 0) != 0)
            return; // the process id is only informative
        fixed (byte* bytes = text)
            LibC.Write(file, bytes, (nuint)text.Length);
    }

    private TransportException Busy(Descriptor file, int error)
    {
        byte* text = stackalloc byte[16];
        nint length = LibC.Read(file, text, 16);
        string owner = length > 0 ? $"process {Encoding.ASCII.GetString(text, (int)length).Trim()}" : "another process";
        return error == Errno.EAGAIN
            ? new TransportException(
                $"{_path} is in use by {owner}, which is running; stop it, or {_place.ElsewhereAdvice}."
            )
            : new TransportException(
                $"{_lockPath} cannot be locked: {LibC.Describe(error)}; choose a Directory on a local file system."
            );
    }

    private TransportException LockRefused(int error) =>
        new(
            $"{_lockPath} cannot be opened: {LibC.Describe(error)}: "
                + error switch
                {
                    Errno.ENOENT => $"the directory {Path.GetDirectoryName(_path)} does not exist; create it.",
                    Errno.EACCES =>
                        $"user id {LibC.EffectiveUserId()} may not create files in {Path.GetDirectoryName(_path)}, "
                            + "or the file belongs to another user; change that, or choose another Directory.",
                    Errno.ELOOP => "it is a symbolic link, which FastForward never creates; remove it.",
                    _ => "see open(2) for the error.",
                }
        );

    private TransportException Refused(string what, int error, string advice) =>
        new($"{_path} cannot be {what}: {LibC.Describe(error)}; {advice}.");

    private readonly record struct FileIdentity(uint Major, uint Minor, ulong Inode);
}
