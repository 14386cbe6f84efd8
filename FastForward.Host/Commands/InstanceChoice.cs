using System.CommandLine;
using FastForward.Host.Instances;

namespace FastForward.Host.Commands;

/// <summary>The options that name an instance file.</summary>
internal sealed class InstanceChoice
{
    private readonly Option<string> _instance = new("--instance")
    {
        Description = "The instance file, or the node id of a file in the instances directory.",
        HelpName = "file|id",
        Required = true,
    };

    private readonly Option<string> _directory = new("--instances-directory")
    {
        Description = "Where the files <id>.conf are.",
        HelpName = "directory",
        DefaultValueFactory = static _ => InstanceLocator.DefaultDirectory,
    };

    /// <summary>Gives a command the options.</summary>
    public void AddTo(Command command)
    {
        command.Add(_instance);
        command.Add(_directory);
    }

    /// <summary>Reads the file, with keys and passwords; the caller disposes of the keys.</summary>
    public InstanceReading Read(ParseResult result) =>
        InstanceLocator.Read(result.GetValue(_instance)!, result.GetValue(_directory)!).ReadSecrets();
}
