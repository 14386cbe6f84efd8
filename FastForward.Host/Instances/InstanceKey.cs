namespace FastForward.Host.Instances;

/// <summary>A key of an instance file and the line it stands in.</summary>
internal sealed record InstanceKey(string Name, int Line);
