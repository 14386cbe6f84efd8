using System.CommandLine;
using FastForward.Host.Control;
using FastForward.Host.Instances;
using FastForward.Host.Monitoring;

namespace FastForward.Host.Commands;

/// <summary>The options that select running hosts, and the control sockets they lead to.</summary>
internal sealed class HostChoice
{
    private readonly Option<string?> _instance = new("--instance")
    {
        Description = "The instance file, or the node id of the running host.",
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

    private readonly Option<uint> _user = CreateUserOption();

    /// <summary>The option that names a further user to trust.</summary>
    public static Option<uint> CreateUserOption()
    {
        Option<uint> user = new("--host-user")
        {
            Description =
                "The user id that the host runs as, if it is neither your own, nor 0, nor in allowed-users of the "
                + "instance file. Answers of others are not believed.",
            HelpName = "uid",
        };
        NumberRange.Require(user, 0u, uint.MaxValue - 1);
        return user;
    }

    /// <summary>What that option says.</summary>
    public static uint[] UsersOf(ParseResult result, Option<uint> user) =>
        result.GetResult(user) is null ? [] : [result.GetValue(user)];

    /// <summary>Gives a command the options.</summary>
    public void AddTo(Command command)
    {
        command.Add(_instance);
        command.Add(_directory);
        command.Add(_socket);
        command.Add(_user);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_instance) is not null && result.GetResult(_socket) is not null)
                result.AddError("--instance and --socket both name a host: give one of them");
        });
    }

    /// <summary>Adds an option that asks for every host, as without a choice.</summary>
    public void AddAllTo(Command command)
    {
        Option<bool> all = new("--all", "-a") { Description = "Every host of this machine, as without a choice." };
        command.Add(all);
        command.Validators.Add(result =>
        {
            if (
                result.GetValue(all)
                && (result.GetResult(_instance) is not null || result.GetResult(_socket) is not null)
            )
                result.AddError("--all does not go with --instance or --socket");
        });
    }

    /// <summary>The control socket that the options name, or those of all hosts that run; at least one.</summary>
    /// <exception cref="ControlFailure">There is none, or the instance file does not say where it is.</exception>
    public IReadOnlyList<ControlTarget> Find(ParseResult result, TextWriter output)
    {
        uint[] users = UsersOf(result, _user);
        string directory = result.GetValue(_directory)!;
        if (result.GetValue(_socket) is { } socket)
            return [new ControlTarget(socket, users)];
        if (result.GetValue(_instance) is { } instance)
            return [OfInstance(instance, directory, users, output)];
        IReadOnlyList<ControlTarget> running = RunningHosts.Find(directory, users, output);
        return running.Count > 0
            ? running
            : throw new ControlFailure(
                $"no host runs (no socket at {Path.Combine(RunningHosts.DefaultDirectory, ControlPath.Pattern)}); "
                    + "--instance or --socket names one elsewhere",
                ExitCode.Unavailable
            );
    }

    // A number names the node; its file only says where the control socket is, if it is not in the usual place.
    private static ControlTarget OfInstance(string instance, string directory, uint[] users, TextWriter output)
    {
        string file = InstanceLocator.Locate(instance, directory);
        uint node = file != instance && uint.TryParse(instance, out uint id) ? id : 0;
        if (node != 0 && !File.Exists(file))
            return new ControlTarget(ControlPath.Of(RunningHosts.DefaultDirectory, node), users, node);
        InstanceControl control = InstanceReader.ReadControl(file);
        foreach (InstanceProblem problem in control.Problems)
            output.WriteLine(problem.ToString());
        if (node == 0)
            node = control.Network;
        if (node == 0)
            throw new ControlFailure(
                "The instance file does not say where the control socket is.",
                ExitCode.Configuration
            );
        if (control.Problems.Count > 0)
            output.WriteLine("The file is not what the running host was started with; it is asked nevertheless.");
        return new ControlTarget(ControlPath.Of(control.Directory, node), [.. users, .. control.AllowedUsers], node);
    }
}
