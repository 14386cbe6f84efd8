namespace FastForward.Host.Instances;

/// <summary>What came of reading an instance file: settings, or everything that is wrong with it.</summary>
internal sealed record InstanceReading(InstanceSettings? Settings, IReadOnlyList<InstanceProblem> Problems);
