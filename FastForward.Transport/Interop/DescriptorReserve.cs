namespace FastForward.Transport.Interop;

/// <summary>
/// Keeps the last descriptors of the process for what must work when all others are taken: control sockets, files,
/// name look-ups, assemblies that the runtime loads late, an orderly stop. The kernel always gives the lowest free
/// number, so a number in the reserve shows that all below it are in use; nothing has to be counted.
/// </summary>
internal static unsafe class DescriptorReserve
{
    /// <summary>Descriptors kept back; at most a quarter of the limit.</summary>
    public const int Size = 96;

    private static int s_limit = Read();

    /// <summary>The limit of open descriptors (RLIMIT_NOFILE) when it was last read or raised here.</summary>
    public static int Limit => Volatile.Read(ref s_limit);

    /// <summary>
    /// Whether a new descriptor of a link or of a client has to be closed again, as if the kernel had refused it
    /// (EMFILE).
    /// </summary>
    public static bool Includes(int number)
    {
        int limit = Limit;
        return number >= limit - Math.Min(Size, limit / 4);
    }

    /// <summary>Raises the soft limit to the hard one.</summary>
    /// <returns>The limit in force.</returns>
    public static int Raise()
    {
        LibC.ResourceLimit limit;
        if (LibC.GetLimit(LibC.RLIMIT_NOFILE, &limit) == 0 && limit.Soft < limit.Hard)
        {
            limit.Soft = limit.Hard;
            LibC.SetLimit(LibC.RLIMIT_NOFILE, &limit); // on failure the limit stays as it is, which Read shows
        }

        Volatile.Write(ref s_limit, Read());
        return s_limit;
    }

    private static int Read()
    {
        LibC.ResourceLimit limit;
        return LibC.GetLimit(LibC.RLIMIT_NOFILE, &limit) == 0 ? (int)Math.Min(limit.Soft, int.MaxValue) : int.MaxValue;
    }
}
