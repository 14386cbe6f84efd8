namespace FastForward.Transport.Interop;

/// <summary>Error numbers of Linux (asm-generic/errno-base.h and errno.h; equal on x86-64 and arm64).</summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int EACCES = 13;
    public const int ENOSYS = 38;
}
