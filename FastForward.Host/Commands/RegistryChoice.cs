using System.CommandLine;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Host.Commands;

/// <summary>The options that name an instance file and one of its registries.</summary>
internal sealed class RegistryChoice
{
    private readonly InstanceChoice _instance = new();

    private readonly Option<string?> _registry = new("--registry")
    {
        Description = "The registry, as its section is named. Otherwise the first one that has the table.",
        HelpName = "name",
    };

    /// <summary>Gives a command the options.</summary>
    public void AddTo(Command command)
    {
        _instance.AddTo(command);
        command.Add(_registry);
    }

    /// <summary>Reads the file.</summary>
    /// <returns>Null when there are problems, which are written to the error stream.</returns>
    public InstanceSettings? Read(ParseResult result)
    {
        InstanceReading reading = _instance.Read(result);
        foreach (ForwardKey key in reading.Keys)
            key.Dispose();
        if (reading.Settings is null)
            ProblemReport.Write(reading.Problems, Console.Error, "Nothing was done");
        return reading.Settings;
    }

    /// <summary>The registry that has a table.</summary>
    /// <returns>Null when there is none, which is written to the error stream.</returns>
    public RegistrySettings? Find(ParseResult result, InstanceSettings settings, RouteTable table)
    {
        string? name = result.GetValue(_registry);
        RegistrySettings? found = settings.Registries.FirstOrDefault(registry =>
            registry.Tables.Contains(table) && (name is null || registry.Name == name)
        );
        if (found is not null)
            return found;
        string names = string.Join(", ", settings.Registries.Select(static registry => $"[{registry.Name}]"));
        string there = names.Length == 0 ? "no [registry] section" : $"the sections {names}";
        string which = name is null ? "" : $" named {name}";
        Console.Error.WriteLine(
            VisibleText.Of($"{settings.File} has {there}: there is no registry{which} with the table {table}")
        );
        return null;
    }
}
