using FastForward.Transport;

namespace FastForward.Host.Instances;

/// <summary>What came of reading an instance file: settings, or everything that is wrong with it.</summary>
internal sealed record InstanceReading(InstanceSettings? Settings, IReadOnlyList<InstanceProblem> Problems)
{
    /// <summary>The keys of the file that the settings name, to be disposed of; none before they are read.</summary>
    public IReadOnlyList<ForwardKey> Keys { get; init; } = [];

    /// <summary>
    /// With the keys. Only the node itself reads them: who asks it something may read the instance file and not them.
    /// </summary>
    public InstanceReading ReadKeys()
    {
        if (Settings?.KeyFile is not { } file)
            return this;
        if (ForwardKeyFile.TryRead(file, out IReadOnlyList<ForwardKey>? keys, out IReadOnlyList<string> problems))
            return this with { Keys = keys };
        return new InstanceReading(
            null,
            [.. problems.Select(problem => new InstanceProblem(Settings.File, 0, "key-file", problem))]
        );
    }
}
