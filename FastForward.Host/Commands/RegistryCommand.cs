using System.CommandLine;

namespace FastForward.Host.Commands;

/// <summary><c>registry</c>: what an operator does about a Tarantool registry.</summary>
internal static class RegistryCommand
{
    public static Command Create() =>
        new("registry", "Looks after the Tarantool registry that says where the nodes are.")
        {
            RegistryScriptCommand.Create(),
            RegistryApplyCommand.Create(),
            RegistryCheckCommand.Create(),
            RegistryNodeCommands.CreateAdd(),
            RegistryNodeCommands.CreateRemove(),
            RegistryWatchCommand.Create(),
            RegistryAcceptCommand.Create(),
        };
}
