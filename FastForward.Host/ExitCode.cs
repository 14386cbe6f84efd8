namespace FastForward.Host;

/// <summary>The exit codes of the program, after <c>sysexits.h</c> where it has one.</summary>
internal static class ExitCode
{
    /// <summary>Everything went as asked.</summary>
    public const int Success = 0;

    /// <summary>It did not: a demo that lost something, a second signal during a stop.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>A port, a socket file or another resource cannot be had (EX_UNAVAILABLE).</summary>
    public const int Unavailable = 69;

    /// <summary>The running host may not be asked by this user (EX_NOPERM).</summary>
    public const int NotPermitted = 77;

    /// <summary>The instance file is wrong (EX_CONFIG).</summary>
    public const int Configuration = 78;

    /// <summary>Ended by Ctrl-C, as shells report it.</summary>
    public const int Interrupted = 130;
}
