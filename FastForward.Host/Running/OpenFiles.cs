using System.Globalization;
using System.Text;
using FastForward.Host.Instances;
using FastForward.Transport;
using Microsoft.Win32.SafeHandles;

namespace FastForward.Host.Running;

/// <summary>
/// The limit of open descriptors (RLIMIT_NOFILE): raised at the start, checked, and divided among the outlets. The
/// runtime aborts a process that has no descriptor left when it needs one, so the program does not begin where it would
/// come to that.
/// </summary>
internal static class OpenFiles
{
    /// <summary>
    /// The least limit. A running host without peers and clients has 130 descriptors, two for each assembly among them;
    /// the library keeps <see cref="OpenFileLimit.Reserve"/> more back.
    /// </summary>
    public const int Least = 256;

    private const int OwnNeed = 160;
    private const int OpeningConnections = 64;
    private const int LeastClients = 8;

    /// <summary>The limit in force; read by <see cref="Suffice"/>.</summary>
    public static int Limit { get; private set; } = int.MaxValue;

    /// <summary>Raises the limit, and says on the standard error stream if it is too low to run anything.</summary>
    /// <remarks>Needs no assembly beside those that are loaded: each takes two descriptors.</remarks>
    public static bool Suffice()
    {
        Limit = OpenFileLimit.Raise();
        if (Limit >= Least)
            return true;
        string text =
            "FastForward.Host needs a limit of at least "
            + Least.ToString(CultureInfo.InvariantCulture)
            + " open files; it is "
            + Limit.ToString(CultureInfo.InvariantCulture)
            + ". Raise the hard limit: LimitNOFILE= in a systemd unit, ulimit -Hn in a shell.\n";
        // A pipe that nothing reads must not keep the process from its end.
        Task.Run(() => Write(text)).Wait(1000);
        return false;
    }

    private static void Write(string text)
    {
        using SafeFileHandle errors = new(2, ownsHandle: false);
        try
        {
            using FileStream stream = new(errors, FileAccess.Write, bufferSize: 0);
            stream.Write(Encoding.ASCII.GetBytes(text));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The exit code says it as well.
        }
    }

    /// <summary>How many clients each outlet may have, each of which needs a descriptor.</summary>
    /// <param name="limit">The limit of open descriptors.</param>
    /// <param name="settings">The instance; rows may need a connection each way.</param>
    public static int ClientsPerOutlet(int limit, InstanceSettings settings)
    {
        long rows = settings.OverriddenNodes.Count + settings.Nodes.Count;
        long left = limit - OpenFileLimit.Reserve - OwnNeed - OpeningConnections - (2 * rows);
        return (int)Math.Max(LeastClients, left / Math.Max(1, settings.Outlets.Count));
    }
}
