namespace FastForward.Transport.Interop;

/// <summary>The files of a <see cref="SocketFile"/> that were gone and are in place again.</summary>
[Flags]
internal enum RestoredFiles
{
    None = 0,
    Lock = 1,
    Socket = 2,
}
