using System.Net.Sockets;
using FastForward.Host.Control;
using FastForward.Host.Instances;
using FastForward.Transport.Sockets;

namespace FastForward.Host.Monitoring;

/// <summary>Finds the hosts that run on this machine, and those that ended without removing their socket.</summary>
internal static class RunningHosts
{
    public const string DefaultDirectory = "/tmp";

    private const int MostNames = 3;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The control sockets in /tmp, and where the instance files say, at which a process of a trusted user listens or
    /// listened: a host that stops in order removes its socket, so one that is left is of a host that failed.
    /// </summary>
    /// <param name="instances">The directory of the instance files.</param>
    /// <param name="hostUsers">Users that are trusted beside the own one and 0.</param>
    /// <param name="notes">Which sockets were left out because another user has them.</param>
    public static IReadOnlyList<ControlTarget> Find(
        string instances,
        IReadOnlyCollection<uint> hostUsers,
        TextWriter notes
    )
    {
        SortedDictionary<string, ControlTarget> candidates = new(StringComparer.Ordinal);
        foreach (string path in Files(DefaultDirectory, ControlPath.Pattern))
            candidates[path] = new ControlTarget(path, hostUsers);
        foreach (string file in Files(instances, "*.conf"))
        {
            InstanceControl control = InstanceReader.ReadControl(file);
            string path = ControlPath.Of(control.Directory, control.Network);
            if (control.Network != 0 && File.Exists(path))
                candidates[path] = new ControlTarget(path, [.. hostUsers, .. control.AllowedUsers], control.Network);
        }

        List<ControlTarget> running = [];
        List<string> strangers = [];
        foreach (ControlTarget target in candidates.Values)
        {
            try
            {
                UnixConnector.Connect(target.Path, s_timeout, target.HostUsers).Dispose();
                running.Add(target);
            }
            catch (SocketException exception)
            {
                // Asking each of them gives the reason. Others are no sockets any more.
                if (
                    exception.SocketErrorCode
                    is SocketError.AccessDenied
                        or SocketError.WouldBlock
                        or SocketError.ConnectionRefused
                )
                    running.Add(target);
            }
            catch (UnauthorizedAccessException exception)
            {
                strangers.Add(exception.Message);
            }
            catch (ArgumentException)
            {
                // A name that is too long for a socket.
            }
        }

        foreach (string stranger in strangers.Take(MostNames))
            notes.WriteLine($"not asked: {stranger} (--host-user trusts it)");
        if (strangers.Count > MostNames)
            notes.WriteLine($"and {strangers.Count - MostNames} more control sockets of other users");
        return running;
    }

    private static string[] Files(string directory, string pattern)
    {
        try
        {
            return Directory.GetFiles(directory, pattern);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
