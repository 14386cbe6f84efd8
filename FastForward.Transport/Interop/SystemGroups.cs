using System.Globalization;

namespace FastForward.Transport.Interop;

/// <summary>Group ids by name, from all sources of the name service switch (nsswitch.conf(5)).</summary>
internal static unsafe class SystemGroups
{
    private const int BufferSize = 64 * 1024;

    /// <summary>Where the exception has the group, as text.</summary>
    public const string NameKey = "Group";

    /// <exception cref="IOException">There is no such group.</exception>
    public static uint Find(string nameOrNumber)
    {
        if (uint.TryParse(nameOrNumber, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            return number;
        byte[] buffer = new byte[BufferSize];
        LibC.Group group;
        LibC.Group* found;
        int error;
        fixed (byte* start = buffer)
            error = LibC.FindGroup(nameOrNumber, &group, start, BufferSize, &found);
        if (error != 0)
            throw Unknown(nameOrNumber, $"'{nameOrNumber}' cannot be looked up: {LibC.Describe(error)}.");
        return found != null
            ? group.Id
            : throw Unknown(nameOrNumber, $"this system has no group '{nameOrNumber}'; see 'getent group'.");
    }

    private static IOException Unknown(string group, string reason) =>
        new($"Group: {reason}") { Data = { [NameKey] = group } };
}
