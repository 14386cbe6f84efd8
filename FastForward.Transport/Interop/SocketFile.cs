using System.Globalization;
using System.Text;

namespace FastForward.Transport.Interop;

/// <summary>
/// A listening UNIX socket's place in the file system. The owner holds a lock on the file beside it (flock(2)), and one
/// without a file (<see cref="AbstractLock"/>) for the time in which another program has removed that file. The kernel
/// releases both when the process ends, however it ends. A stale socket file is removed only
/// <list type="bullet">
/// <item>while the lock is held,</item>
/// <item>if it is a socket of this user,</item>
/// <item>if connecting to it is refused.</item>
/// </list>
/// </summary>
internal sealed unsafe class SocketFile : IDisposable
{
    /// <summary>Where the exception has the id of the process that holds the lock, as text.</summary>
    public const string OwnerKey = "ProcessId";

    /// <summary>How often the owner has to call <see cref="Restore"/>.</summary>
    public static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(2);

    private const int ChecksPerTouch = 300; // ten minutes: programs that clean by age use hours at least
    private const int LockAttempts = 16;
    private const uint OwnerOnly = 0x180; // 0600

    private readonly SocketPlace _place;
    private readonly string _path;
    private readonly string _lockPath;
    private Descriptor? _lock;
    private AbstractLock? _name;
    private int _checks;
    private FileIdentity? _socket;

    private SocketFile(SocketPlace place)
    {
        _place = place;
        _path = place.Path;
        _lockPath = place.Path + ".lock";
    }

    /// <summary>The socket file.</summary>
    public string Path => _path;

    /// <summary>The socket file was removed on purpose: nothing is restored any more.</summary>
    public bool IsRemoved { get; private set; }

    /// <summary>Whether sockaddr_un holds the path and its terminating zero.</summary>
    public static bool Fits(string path) => Encoding.UTF8.GetByteCount(path) < LibC.UnixPathCapacity;

    /// <summary>The user ids that may connect: those given, else the process's own and root.</summary>
    public static uint[] AllowedUsers(IReadOnlyCollection<uint>? given) =>
        [.. (given ?? [LibC.EffectiveUserId(), 0]).Distinct()];

    /// <summary>Takes the place and creates the listening socket there.</summary>
    /// <exception cref="IOException">Another owner has it, or the file system refuses.</exception>
    public static SocketFile Create(SocketPlace place, out Descriptor listener)
    {
        if (!Fits(place.Path))
            throw new IOException(
                $"{place.Path} has {Encoding.UTF8.GetByteCount(place.Path)} bytes; "
                    + $"the path of a UNIX socket has at most {LibC.UnixPathCapacity - 1}: "
                    + $"{place.ShorterAdvice}."
            );
        SocketFile file = new(place);
        Descriptor? socket = null;
        try
        {
            file.TakeLock();
            file.TakeName();
            file.RemoveStale();
            socket = file.Listen();
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

    /// <summary>
    /// Creates again what another program has removed or replaced, and lets the files look used to one that removes by
    /// age.
    /// </summary>
    /// <param name="listener">A new listening socket, when the socket file was gone; replaces the former one.</param>
    /// <exception cref="IOException">It cannot be created for now; the message says why.</exception>
    public RestoredFiles Restore(out Descriptor? listener)
    {
        listener = null;
        if (IsRemoved)
            return RestoredFiles.None;
        RestoredFiles restored = RestoredFiles.None;
        if (_lock is null || ReadStatus(_lock)?.Identity is not { } held || ReadStatus(_lockPath)?.Identity != held)
        {
            TakeLock();
            restored |= RestoredFiles.Lock;
        }

        if (_socket is not { } socket || ReadStatus(_path)?.Identity != socket)
            restored |= RestoredFiles.Socket;
        if (restored != RestoredFiles.None && _name?.Directory != FileIdentity.OfDirectory(_path))
            TakeName();
        _name?.RefuseWaiting();

        // Last of what can fail: the caller has the new socket, or the next check creates it.
        if (restored.HasFlag(RestoredFiles.Socket))
        {
            RemoveStale();
            listener = Listen();
        }

        if (++_checks % ChecksPerTouch == 0)
            Touch();
        return restored;
    }

    /// <summary>Sets the times of both files to now.</summary>
    public void Touch()
    {
        LibC.SetTimes(LibC.AT_FDCWD, _path, null, LibC.AT_SYMLINK_NOFOLLOW);
        LibC.SetTimes(LibC.AT_FDCWD, _lockPath, null, LibC.AT_SYMLINK_NOFOLLOW);
    }

    /// <summary>Removes the socket file, because nothing accepts there; the next check creates it again.</summary>
    public void Abandon()
    {
        if (_socket is { } identity && ReadStatus(_path)?.Identity == identity)
            LibC.Unlink(_path);
        _socket = null;
    }

    /// <summary>Removes the socket file for good if it is still the one that was created here.</summary>
    public void RemoveSocket()
    {
        IsRemoved = true;
        Abandon();
    }

    public void Dispose()
    {
        RemoveSocket();
        _name?.Dispose();
        if (_lock is null)
            return;

        // Removed while still locked: a process that opened it meanwhile finds, once it has the lock, that the name is
        // gone.
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
        (FileIdentity.Of(status), status.UserId, status.Mode & LibC.S_IFMT);

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
                    throw new IOException($"{_lockPath} is not a regular file; remove it.");
                if (opened.Owner != LibC.EffectiveUserId())
                    throw new IOException(
                        $"{_lockPath} belongs to user id {opened.Owner}, this process to {LibC.EffectiveUserId()}. "
                            + $"Remove it if it is a leftover, or {_place.ElsewhereAdvice}."
                    );
                if (LibC.Lock(file, LibC.LOCK_EX | LibC.LOCK_NB) != 0)
                    throw Busy(file, LibC.LastError);

                // Between open and lock the previous owner may have removed the name: a lock on a nameless file
                // protects nothing.
                if (ReadStatus(_lockPath)?.Identity != opened.Identity)
                    continue;
                WriteOwner(file);
                _lock?.Dispose();
                _lock = file;
                return;
            }
            finally
            {
                if (!ReferenceEquals(_lock, file))
                    file.Dispose();
            }
        }

        throw new IOException(
            $"{_lockPath} keeps being replaced: another process starts and stops at the same path all the time."
        );
    }

    private void TakeName()
    {
        AbstractLock? name = AbstractLock.TryTake(_path, out int? holder);
        if (holder is { } process)
            throw InUse(process == 0 ? "" : process.ToString(CultureInfo.InvariantCulture));
        _name?.Dispose();
        _name = name;
    }

    private void RemoveStale()
    {
        if (ReadStatus(_path) is not { } found)
            return;
        if (found.Type != LibC.S_IFSOCK)
            throw new IOException(
                $"{_path} exists and is not a socket, so FastForward did not create it; remove it, or "
                    + $"{_place.ElsewhereAdvice}."
            );
        if (found.Owner != LibC.EffectiveUserId())
            throw new IOException(
                $"{_path} is a socket of user id {found.Owner}, this process belongs to {LibC.EffectiveUserId()}. "
                    + $"Remove it if it is a leftover, or {_place.ElsewhereAdvice}."
            );

        // The lock excludes other FastForward processes; the connect excludes other programs.
        using Descriptor probe = CreateSocket();
        if (probe.IsInvalid)
            throw new IOException($"The kernel gives no UNIX socket: {LibC.Describe(LibC.LastError)}.");
        LibC.UnixSocketAddress address = Address();
        int answer = LibC.Connect(probe, &address, (uint)sizeof(LibC.UnixSocketAddress)) == 0 ? 0 : LibC.LastError;
        if (answer != Errno.ECONNREFUSED)
            throw new IOException(
                $"{_path} is in use by a program that is not FastForward "
                    + $"({(answer == 0 ? "it answers" : LibC.Describe(answer))}); stop it, or {_place.ElsewhereAdvice}."
            );
        if (LibC.Unlink(_path) != 0 && LibC.LastError != Errno.ENOENT)
            throw new IOException(
                $"{_path} was left behind by a process that has ended and cannot be removed: "
                    + $"{LibC.Describe(LibC.LastError)}."
            );
    }

    // Until listen(2) no one can connect, so the permissions are in force before the first one does.
    private Descriptor Listen()
    {
        Descriptor socket = CreateSocket();
        if (socket.IsInvalid)
            throw new IOException($"The kernel gives no UNIX socket: {LibC.Describe(LibC.LastError)}.");
        try
        {
            LibC.UnixSocketAddress address = Address();
            if (LibC.Bind(socket, &address, (uint)sizeof(LibC.UnixSocketAddress)) != 0)
                throw Refused("bound", LibC.LastError, "check the permissions of the directory");
            _socket = ReadStatus(_path)?.Identity;
            if (LibC.ChangeMode(_path, (uint)_place.Mode) != 0)
                throw Refused("given its mode", LibC.LastError, "check the file system");
            if (_place.Group is { } group && LibC.ChangeOwner(_path, uint.MaxValue, SystemGroups.Find(group)) != 0)
                throw GroupRefused(group, LibC.LastError);
            if (LibC.Listen(socket, _place.Backlog) != 0)
                throw Refused("listened at", LibC.LastError, "see listen(2)");
            return socket;
        }
        catch
        {
            Abandon();
            socket.Dispose();
            throw;
        }
    }

    private Descriptor CreateSocket() =>
        new(LibC.Socket(LibC.AF_UNIX, _place.Type | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0));

    private LibC.UnixSocketAddress Address()
    {
        LibC.UnixSocketAddress address = new() { Family = LibC.AF_UNIX };
        Encoding.UTF8.GetBytes(_path, new Span<byte>(address.Path, LibC.UnixPathCapacity));
        return address;
    }

    private static void WriteOwner(Descriptor file)
    {
        ReadOnlySpan<byte> text = Encoding.ASCII.GetBytes(
            Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"
        );
        if (LibC.Truncate(file, 0) != 0)
            return; // the content is only a note for operators
        fixed (byte* bytes = text)
            LibC.Write(file, bytes, (nuint)text.Length);
    }

    private IOException Busy(Descriptor file, int error)
    {
        byte* text = stackalloc byte[16];
        nint length = LibC.Read(file, text, 16);
        string process = length > 0 ? Encoding.ASCII.GetString(text, (int)length).Trim() : "";
        return error == Errno.EAGAIN
            ? InUse(process)
            : new IOException(
                $"{_lockPath} cannot be locked: {LibC.Describe(error)}; choose a directory on a local file system."
            );
    }

    private IOException InUse(string process) =>
        new(
            $"{_path} is in use by {(process.Length > 0 ? $"process {process}" : "another process")}, "
                + $"which is running; stop it, or {_place.ElsewhereAdvice}."
        )
        {
            Data = { [OwnerKey] = process },
        };

    private IOException LockRefused(int error) =>
        new(
            $"{_lockPath} cannot be opened: {LibC.Describe(error)}: "
                + error switch
                {
                    Errno.ENOENT =>
                        $"the directory {System.IO.Path.GetDirectoryName(_path)} does not exist; create it.",
                    Errno.EACCES => $"user id {LibC.EffectiveUserId()} may not create files in "
                        + $"{System.IO.Path.GetDirectoryName(_path)}, or the file belongs to another user; "
                        + "change that, or choose another directory.",
                    Errno.ELOOP => "it is a symbolic link, which FastForward never creates; remove it.",
                    _ => "see open(2) for the error.",
                }
        );

    private IOException GroupRefused(string group, int error)
    {
        IOException refused = Refused(
            $"given to group {group}",
            error,
            "the process must be a member of the group, or root"
        );
        refused.Data[SystemGroups.NameKey] = group;
        return refused;
    }

    private IOException Refused(string what, int error, string advice) =>
        new($"{_path} cannot be {what}: {LibC.Describe(error)}; {advice}.");
}
