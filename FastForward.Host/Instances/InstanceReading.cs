using FastForward.Transport;

namespace FastForward.Host.Instances;

/// <summary>What came of reading an instance file: settings, or everything that is wrong with it.</summary>
internal sealed record InstanceReading(InstanceSettings? Settings, IReadOnlyList<InstanceProblem> Problems)
{
    /// <summary>The keys of the file that the settings name, to be disposed of; none before they are read.</summary>
    public IReadOnlyList<ForwardKey> Keys { get; init; } = [];

    /// <summary>
    /// With keys and passwords. Only the node itself reads them: who asks it something may read the instance file and
    /// not them.
    /// </summary>
    public InstanceReading ReadSecrets()
    {
        if (Settings is null)
            return this;
        List<InstanceProblem> found = [];
        IReadOnlyList<ForwardKey>? keys = [];
        if (Settings.KeyFile is { } file && !ForwardKeyFile.TryRead(file, out keys, out IReadOnlyList<string> problems))
            found.AddRange(problems.Select(problem => new InstanceProblem(Settings.File, 0, "key-file", problem)));
        List<RegistrySettings> registries = [];
        foreach (RegistrySettings registry in Settings.Registries)
        {
            registries.Add(registry.ReadPassword(out string? problem));
            if (problem is not null)
                found.Add(new InstanceProblem(Settings.File, 0, $"{registry.Name}:password-file", problem));
        }

        if (found.Count == 0)
            return this with { Settings = Settings with { Registries = registries }, Keys = keys! };
        foreach (ForwardKey key in keys ?? [])
            key.Dispose();
        return new InstanceReading(null, found);
    }
}
