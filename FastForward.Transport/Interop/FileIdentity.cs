namespace FastForward.Transport.Interop;

/// <summary>What a file is, whatever its name: device and inode.</summary>
internal readonly record struct FileIdentity(uint Major, uint Minor, ulong Inode)
{
    /// <summary>The identity that a status describes.</summary>
    public static FileIdentity Of(in LibC.FileStatus status) =>
        new(status.DeviceMajor, status.DeviceMinor, status.Inode);

    /// <summary>That of the directory of a file; null when there is none.</summary>
    public static unsafe FileIdentity? OfDirectory(string path)
    {
        LibC.FileStatus status;
        string directory = Path.GetDirectoryName(path) is { Length: > 0 } named ? named : ".";
        return LibC.Status(LibC.AT_FDCWD, directory, 0, LibC.STATX_BASIC_STATS, &status) == 0 ? Of(status) : null;
    }
}
