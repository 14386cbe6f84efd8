using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Rings;

/// <summary>A file that a peer has sent, of which nothing is known.</summary>
internal static class ForeignFile
{
    /// <summary>
    /// Closes it on a thread of the pool: close(2) waits for a file system that its owner has made (FUSE), and may
    /// never return. The ban of the peer's user that follows limits how many threads that can cost.
    /// </summary>
    public static void Close(Descriptor? file)
    {
        if (file is not null)
            ThreadPool.UnsafeQueueUserWorkItem(static file => file.Dispose(), file, preferLocal: false);
    }
}
