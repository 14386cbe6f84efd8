using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using FastForward.Host.Instances;

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
            ListCommand.Create(),
            KeygenCommand.Create(),
            RegistryCommand.Create(),
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

        // The commands handle signals themselves: a node that is stopped still has messages to drain. They write to the
        // console themselves too; usage and version come by this text.
        using StringWriter text = new();
        int code = result.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null, Output = text });
        return text.GetStringBuilder().Length == 0 ? code : Write(text.ToString(), code);
    }

    private static int Write(string text, int code)
    {
        try
        {
            Console.Out.Write(text);
            return code;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
    }

    private static IEnumerable<string> Names(Command command) =>
        command
            .Subcommands.Where(static subcommand => !subcommand.Hidden)
            .Select(static subcommand => subcommand.Name)
            .Concat(command.Options.Select(static option => option.Name));

    private static int Refuse(ParseResult result)
    {
        Command command = result.CommandResult.Command;
        if (result.Tokens.Count == 0)
        {
            // Nothing was asked for: the usage is the answer, but no command has done its work.
            result
                .RootCommandResult.Command.Parse("--help")
                .Invoke(new InvocationConfiguration { Output = Console.Error });
            return ExitCode.Usage;
        }

        string[] known = [.. Names(command)];
        foreach (ParseError error in result.Errors)
        {
            string? wrong = result.UnmatchedTokens.FirstOrDefault(token =>
                error.Message.Contains($"'{token}'", StringComparison.Ordinal)
            );
            string? near = wrong is null ? null : NearestName.Of(wrong, known);
            Console.Error.WriteLine(near is null ? error.Message : $"{error.Message} Did you mean {near}?");
        }

        string name = command is RootCommand ? "--help" : $"{command.Name} --help";
        Console.Error.WriteLine($"FastForward.Host {name} shows the usage.");
        return ExitCode.Usage;
    }
}
