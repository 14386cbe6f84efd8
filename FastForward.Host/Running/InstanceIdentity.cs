using FastForward.Host.Control;
using FastForward.Host.Instances;
using FastForward.Host.Monitoring;
using FastForward.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Running;

/// <summary>
/// The place of a node id on this machine: the control socket, whose name has the id. It is taken before the ports of
/// the node and its actors, so that an instance that is started twice hears of the other process and not of a port.
/// </summary>
internal sealed class InstanceIdentity : IDisposable
{
    private const int Backlog = 64;

    // The other process may be paused or still start.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(2);

    /// <summary>Creates the socket file.</summary>
    /// <exception cref="StartFailure">Another process has the path, or the file system refuses.</exception>
    public InstanceIdentity(InstanceSettings settings, ILogger<InstanceIdentity> logger)
    {
        Path = ControlPath.Of(settings.ControlDirectory, settings.Network);
        UnixListenerOptions options = new()
        {
            Path = Path,
            Group = settings.SocketGroup,
            AllowedUserIds = settings.AllowedUsers,
            Backlog = Backlog,
            Logger = logger,
        };
        if (settings.SocketMode is { } mode)
            options.Mode = mode;
        try
        {
            Listener = new UnixListener(options);
        }
        catch (IOException exception)
        {
            throw new StartFailure(
                FindHolder(settings, exception) is { } holder
                    ? $"node {settings.Network} runs already: {holder}. Stop it, or give this instance another network."
                    : $"{exception.Message} {Key(exception)}.",
                exception
            );
        }
    }

    /// <summary>The control socket.</summary>
    public string Path { get; }

    /// <summary>Accepts its clients.</summary>
    public UnixListener Listener { get; }

    public void Dispose() => Listener.Dispose();

    private static string Key(IOException refused) =>
        refused.Data["Group"] is string
            ? "The key for this group is socket-group"
            : "The key for this path is control-directory";

    // The instance file is known to the other process only.
    private string? FindHolder(InstanceSettings settings, IOException refused)
    {
        if (refused.Data["ProcessId"] is not string process)
            return null;
        try
        {
            using ControlClient client = ControlClient.Ask(
                Path,
                new ControlRequest { Command = "stat" },
                s_timeout,
                settings.AllowedUsers
            );
            ControlAnswer answer = client.ReadAsync(s_timeout, CancellationToken.None).GetAwaiter().GetResult();
            if (answer.Stat is { } report)
                return $"process {report.ProcessId}, instance {report.File}";
        }
        catch (ControlFailure)
        {
            // It starts, stops or is paused.
        }

        return process.Length > 0 ? $"process {process}" : "in another process";
    }
}
