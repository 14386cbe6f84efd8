using System.Globalization;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Tests.Transports;

/// <summary>A process of another user that holds the lock without a file (<see cref="AbstractLock"/>).</summary>
internal static partial class LockHolder
{
    /// <param name="arguments">The path of the socket file, and the user id to change to.</param>
    public static int Run(string[] arguments)
    {
        if (SetUserId(uint.Parse(arguments[1], CultureInfo.InvariantCulture)) != 0)
            return 1;
        using AbstractLock? taken = AbstractLock.TryTake(arguments[0], out _);
        Console.WriteLine(taken is null ? "not taken" : "taken");
        Console.ReadLine();
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "setuid")]
    internal static partial int SetUserId(uint user);
}
