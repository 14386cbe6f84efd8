using System.CommandLine;
using FastForward.Host.Control;
using FastForward.Host.Instances;

namespace FastForward.Host.Monitoring;

/// <summary>The options that select a running host, and the control socket they lead to.</summary>
internal sealed class HostChoice
{
    private const string DefaultDirectory = "/tmp";

    private readonly Option<string?> _instance = new("--instance")
    {
        Description = "The instance file, or the node id of the running host. Not needed where one host runs.",
        HelpName = "file|id",
    };

    private readonly Option<string> _directory = new("--instances-directory")
    {
        Description = "Where the files <id>.conf are.",
        HelpName = "directory",
        DefaultValueFactory = static _ => InstanceLocator.DefaultDirectory,
    };

    private readonly Option<string?> _socket = new("--socket")
    {
        Description = "The control socket itself.",
        HelpName = "path",
    };

    /// <summary>Gives a command the options.</summary>
    public void AddTo(Command command)
    {
        command.Add(_instance);
        command.Add(_directory);
        command.Add(_socket);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_instance) is not null && result.GetResult(_socket) is not null)
                result.AddError("--instance and --socket both name a host: give one of them");
        });
    }

    /// <summary>Finds the control socket.</summary>
    /// <exception cref="ControlFailure">There is none, there are several, or the instance file is wrong.</exception>
    public string Find(ParseResult result, TextWriter output)
    {
        if (result.GetValue(_socket) is { } socket)
            return socket;
        return result.GetValue(_instance) is { } instance
            ? OfInstance(instance, result.GetValue(_directory)!, output)
            : TheOnlyOne();
    }

    // A number names the node; its file only says where the control socket is, if it is not in the usual place.
    private static string OfInstance(string instance, string directory, TextWriter output)
    {
        string file = InstanceLocator.Locate(instance, directory);
        if (file != instance && !File.Exists(file) && uint.TryParse(instance, out uint node))
            return ControlPath.Of(DefaultDirectory, node);
        InstanceReading reading = InstanceLocator.Read(instance, directory);
        if (reading.Settings is { } settings)
            return ControlPath.Of(settings.ControlDirectory, settings.Network);
        foreach (InstanceProblem problem in reading.Problems)
            output.WriteLine(problem);
        throw new ControlFailure("The instance file does not say where the control socket is.", ExitCode.Configuration);
    }

    private static string TheOnlyOne()
    {
        string[] sockets =
        [
            .. Directory
                .GetFiles(DefaultDirectory, ControlPath.Pattern)
                .Where(static path => ControlClient.IsAnswered(path)),
        ];
        return sockets.Length switch
        {
            1 => sockets[0],
            0 => throw new ControlFailure(
                $"no host runs (no socket at {Path.Combine(DefaultDirectory, ControlPath.Pattern)}); "
                    + "--instance or --socket names one elsewhere",
                ExitCode.Unavailable
            ),
            _ => throw new ControlFailure(
                $"several hosts run: {string.Join(", ", sockets.Order(StringComparer.Ordinal))}; "
                    + "--instance or --socket names one of them",
                ExitCode.Usage
            ),
        };
    }
}
