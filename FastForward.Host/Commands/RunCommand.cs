using System.CommandLine;
using FastForward.Host.Instances;
using FastForward.Host.Running;

namespace FastForward.Host.Commands;

/// <summary><c>run</c>: one node, as its instance file says, until a signal.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        InstanceChoice choice = new();
        Command command = new("run", "Runs a node until SIGTERM or Ctrl-C.");
        choice.AddTo(command);
        command.SetAction(result => Run(() => choice.Read(result)));
        return command;
    }

    private static int Run(Func<InstanceReading> read)
    {
        InstanceReading reading = read();
        if (reading.Settings is not { } settings)
            return ProblemReport.Write(reading.Problems, Console.Error);
        return InstanceRun.Run(settings, reading.Keys, read);
    }
}
