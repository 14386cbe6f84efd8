using System.CommandLine;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Host.Commands;

/// <summary><c>registry script</c>: the file that makes a Tarantool server a registry.</summary>
internal static class RegistryScriptCommand
{
    public static Command Create()
    {
        Command command = new("script", "Prints registry.lua, which makes a Tarantool server a registry.");
        command.SetAction(static _ =>
        {
            try
            {
                Console.Out.Write(TarantoolRegistry.Script);
                return ExitCode.Success;
            }
            catch (Exception exception) when (LostOutput.Is(exception))
            {
                return LostOutput.Report(exception);
            }
        });
        return command;
    }
}
