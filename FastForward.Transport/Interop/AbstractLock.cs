using System.Globalization;
using System.Text;

namespace FastForward.Transport.Interop;

/// <summary>
/// A lock that no cleaner of files can remove: a listening socket whose name is in the abstract namespace (unix(7)) and
/// consists of the directory's device and inode and of the file's name. The kernel releases it when the process ends.
/// </summary>
/// <remarks>
/// It supplements a lock file and does not replace it: the abstract namespace belongs to a network namespace, and any
/// user can take a name there. So only a holder of the same user id counts, which SO_PEERCRED reports.
/// </remarks>
internal sealed unsafe class AbstractLock : IDisposable
{
    private const int Backlog = 4096; // the kernel reduces it to net.core.somaxconn
    private const int MaxRefusals = 256; // at a time, on a thread that has other work

    private readonly Descriptor _socket;

    private AbstractLock(Descriptor socket, FileIdentity directory)
    {
        _socket = socket;
        Directory = directory;
    }

    /// <summary>The directory that the lock is for.</summary>
    public FileIdentity Directory { get; }

    /// <summary>Takes the lock for a file.</summary>
    /// <param name="path">The file, which need not exist.</param>
    /// <param name="holder">
    /// The process of this user that has the lock, 0 when its id is unknown: it is in another process namespace, or so
    /// many processes have connected to it that it takes no more; null when there is none.
    /// </param>
    /// <returns>
    /// Null when it was not taken: it has a holder, or the name is too long or belongs to a stranger, and then the lock
    /// file alone counts.
    /// </returns>
    public static AbstractLock? TryTake(string path, out int? holder)
    {
        holder = null;
        if (FileIdentity.OfDirectory(path) is not { } directory || Name(path, directory) is not { } name)
            return null;
        Descriptor socket = NewSocket();
        try
        {
            LibC.UnixSocketAddress address = new() { Family = LibC.AF_UNIX };
            name.CopyTo(new Span<byte>(address.Path + 1, LibC.UnixPathCapacity - 1));
            uint length = (uint)(sizeof(ushort) + 1 + name.Length);
            if (socket.IsInvalid)
                return null;
            if (LibC.Bind(socket, &address, length) == 0)
            {
                if (LibC.Listen(socket, Backlog) != 0)
                    return null;
                AbstractLock taken = new(socket, directory);
                socket = new Descriptor();
                return taken;
            }

            if (LibC.LastError == Errno.EADDRINUSE)
                holder = FindHolder(&address, length);
            return null;
        }
        finally
        {
            socket.Dispose();
        }
    }

    /// <summary>
    /// Closes connections that others have made, so that there is room for the next who asks for the holder.
    /// </summary>
    public void RefuseWaiting()
    {
        for (int i = 0; i < MaxRefusals; i++)
        {
            using Descriptor client = new(LibC.Accept(_socket, null, null, LibC.SOCK_CLOEXEC));
            if (client.IsInvalid)
                return;
        }
    }

    public void Dispose() => _socket.Dispose();

    private static int? FindHolder(LibC.UnixSocketAddress* address, uint length)
    {
        using Descriptor probe = NewSocket();
        if (probe.IsInvalid)
            return null;
        if (LibC.Connect(probe, address, length) != 0)
            return LibC.LastError == Errno.EAGAIN ? 0 : null; // its queue is full: it listens, so it lives
        LibC.Credentials credentials;
        uint size = (uint)sizeof(LibC.Credentials);
        return
            LibC.GetSocketOption(probe, LibC.SOL_SOCKET, LibC.SO_PEERCRED, &credentials, &size) == 0
            && credentials.UserId == LibC.EffectiveUserId()
            ? credentials.ProcessId
            : null;
    }

    private static Descriptor NewSocket() =>
        new(LibC.Socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0));

    private static byte[]? Name(string path, FileIdentity directory)
    {
        byte[] name = Encoding.UTF8.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"FastForward/{directory.Major:x}:{directory.Minor:x}:{directory.Inode:x}/{Path.GetFileName(path)}"
            )
        );
        return name.Length < LibC.UnixPathCapacity ? name : null;
    }
}
