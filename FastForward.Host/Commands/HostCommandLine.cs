using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace FastForward.Host.Commands;

/// <summary>The commands of the program, and the messages for a wrong command line.</summary>
internal static class HostCommandLine
{
    /// <summary>Runs the command that <paramref name="args"/> ask for.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args)
    {
        Console.SetError(new BestEffortWriter(Console.Error));
        StandardOutput.ReportBrokenPipes();
        RootCommand root = new("Runs nodes of a FastForward network on this machine.")
        {
            RunCommand.Create(),
            DemoCommand.Create(),
            PingCommand.Create(),
            StatCommand.Create(),
            HealthCommand.Create(),
            DemoNodeCommand.Create(),
        };
        ParseResult result = root.Parse(args);
        if (result.Action is ParseErrorAction)
            return Refuse(result);
        if (!OperatingSystem.IsLinux())
        {
            Console.Error.WriteLine("FastForward.Host runs on Linux (x64, arm64) only.");
            return ExitCode.Unavailable;
        }

        // The commands handle signals themselves: a node that is stopped still has messages to drain.
        return result.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static int Refuse(ParseResult result)
    {
        foreach (ParseError error in result.Errors)
            Console.Error.WriteLine(error.Message);
        Command command = result.CommandResult.Command;
        string name = command is RootCommand ? "--help" : $"{command.Name} --help";
        Console.Error.WriteLine($"FastForward.Host {name} shows the usage.");
        return ExitCode.Usage;
    }
}
