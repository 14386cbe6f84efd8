using System.CommandLine;
using FastForward.Host.Instances;
using FastForward.Host.Running;

namespace FastForward.Host.Commands;

/// <summary><c>run</c>: one node, as its instance file says, until a signal.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        Option<string> instance = new("--instance")
        {
            Description = "The instance file, or the node id of a file in the instances directory.",
            HelpName = "file|id",
            Required = true,
        };
        Option<string> directory = new("--instances-directory")
        {
            Description = "Where the files <id>.conf are.",
            HelpName = "directory",
            DefaultValueFactory = static _ => InstanceLocator.DefaultDirectory,
        };
        Command command = new("run", "Runs a node until SIGTERM or Ctrl-C.") { instance, directory };
        command.SetAction(result => Run(result.GetValue(instance)!, result.GetValue(directory)!));
        return command;
    }

    private static int Run(string instance, string directory)
    {
        InstanceReading reading = Read();
        if (reading.Settings is not { } settings)
            return ProblemReport.Write(reading.Problems, Console.Error);
        return InstanceRun.Run(settings, reading.Keys, Read);

        InstanceReading Read() => InstanceLocator.Read(instance, directory).ReadSecrets();
    }
}
