using System.Globalization;
using System.Text;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Socket;

/// <summary>
/// The socket's place in the file system. A lock on the file beside it (flock(2), released by the kernel when its holder
/// dies, however it dies) says whether the owner lives; only under that lock is a socket that was left behind removed,
/// and only when it is a socket, ours, and nobody answers.
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

    /// <summary>Takes the place and creates the listening socket there.</summary>
    /// <exception cref="TransportException">Somebody else has it, or the file system refuses.</exception>
    public static SocketFile Create(SocketPlace place, UnixMedium medium, out Descriptor listener)
    {
        int bytes = Encoding.UTF8.GetByteCount(place.Path);
        if (bytes >= LibC.UnixPathCapacity)
            throw new TransportException(
                $"{place.Path} has {bytes} bytes; the path of a UNIX socket has at most {LibC.UnixPathCapacity - 1}: {place.ShorterAdvice}."
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

    /// <summary>Removes the socket file, if it is still the one that was made here.</summary>
    public void RemoveSocket()
    {
        if (_socket is { } identity && Look(_path)?.Identity == identity)
            LibC.Unlink(_path);
        _socket = null;
    }

    public void Dispose()
    {
        RemoveSocket();
        if (_lock is null)
            return;

        // Removed while still locked: whoever opened it meanwhile finds, once it has the lock, that the name is gone.
        if (Look(_lock) is { } held && Look(_lockPath)?.Identity == held.Identity)
            LibC.Unlink(_lockPath);
        _lock.Dispose();
        _lock = null;
    }

    private static (FileIdentity Identity, uint Owner, int Type)? Look(string path)
    {
        LibC.FileStatus status;
        return LibC.Status(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW, LibC.STATX_BASIC_STATS, &status) == 0
            ? Read(status)
            : null;
    }

    private static (FileIdentity Identity, uint Owner, int Type)? Look(Descriptor file)
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
                if (Look(file) is not { Type: LibC.S_IFREG } opened)
                    throw new TransportException($"{_lockPath} is not a regular file; remove it.");
                if (opened.Owner != LibC.EffectiveUserId())
                    throw new TransportException(
                        $"{_lockPath} belongs to user id {opened.Owner}, not to ours ({LibC.EffectiveUserId()}): somebody else has the place. Remove it if that is a leftover, or {_place.ElsewhereAdvice}."
                    );
                if (LibC.Lock(file, LibC.LOCK_EX | LibC.LOCK_NB) != 0)
                    throw Busy(file, LibC.LastError);

                // Between open and lock the previous owner may have removed the name; a lock on a nameless file protects nothing.
                if (Look(_lockPath)?.Identity != opened.Identity)
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
            $"{_lockPath} keeps being replaced; is something starting and stopping on this port all the time?"
        );
    }

    private void RemoveStale(UnixMedium medium)
    {
        if (Look(_path) is not { } found)
            return;
        if (found.Type != LibC.S_IFSOCK)
            throw new TransportException(
                $"{_path} exists and is not a socket, so FastForward did not make it; remove it, or {_place.ElsewhereAdvice}."
            );
        if (found.Owner != LibC.EffectiveUserId())
            throw new TransportException(
                $"{_path} is a socket of user id {found.Owner}, not of ours ({LibC.EffectiveUserId()}): somebody else has the place. Remove it if that is a leftover, or {_place.ElsewhereAdvice}."
            );

        // The lock says that no FastForward lives there; the connect makes sure of other programs.
        using Descriptor probe = medium.CreateSocket();
        if (probe.IsInvalid)
            throw new TransportException($"The kernel gives no UNIX socket: {LibC.Describe(LibC.LastError)}.");
        int answer = medium.Connect(probe, new System.Net.Sockets.UnixDomainSocketEndPoint(_path));
        if (answer != Errno.ECONNREFUSED)
            throw new TransportException(
                $"{_path} is in use by a program that is not FastForward ({(answer == 0 ? "it answers" : LibC.Describe(answer))}); stop it, or {_place.ElsewhereAdvice}."
            );
        if (LibC.Unlink(_path) != 0 && LibC.LastError != Errno.ENOENT)
            throw new TransportException(
                $"{_path} was left behind by a process that is gone and cannot be removed: {LibC.Describe(LibC.LastError)}."
            );
    }

    // Until listen(2) nobody can connect, so the permissions are in force before the first one does.
    private Descriptor Listen(UnixMedium medium)
    {
        Descriptor socket = medium.CreateSocket();
        if (socket.IsInvalid)
            throw new TransportException($"The kernel gives no UNIX socket: {LibC.Describe(LibC.LastError)}.");
        try
        {
            LibC.UnixSocketAddress address = new() { Family = LibC.AF_UNIX };
            Encoding.UTF8.GetBytes(_path, new Span<byte>(address.Path, LibC.UnixPathCapacity));
            if (LibC.Bind(socket, &address, (uint)sizeof(LibC.UnixSocketAddress)) != 0)
                throw Refused("bound", LibC.LastError, "check the permissions of the directory");
            _socket = Look(_path)?.Identity;
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
            return; // a note for people only
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
                $"{_path} is in use by {owner}, which lives; stop it, or {_place.ElsewhereAdvice}."
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
                        $"user id {LibC.EffectiveUserId()} may not create files in {Path.GetDirectoryName(_path)}, or the file belongs to somebody else; change that, or choose another Directory.",
                    Errno.ELOOP => "it is a symbolic link, which nobody of ours made; remove it.",
                    _ => "see open(2) for the error.",
                }
        );

    private TransportException Refused(string what, int error, string advice) =>
        new($"{_path} cannot be {what}: {LibC.Describe(error)}; {advice}.");

    private readonly record struct FileIdentity(uint Major, uint Minor, ulong Inode);
}
