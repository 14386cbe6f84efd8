namespace FastForward.Host.Instances;

/// <summary>
/// What an instance file says of the control socket. A running node was started with an earlier content of the file, so
/// other problems of the file do not keep a command from asking it.
/// </summary>
/// <param name="Network">The node id; 0 when the file does not say it.</param>
/// <param name="Directory">The directory of the control socket.</param>
/// <param name="AllowedUsers">The users that may be at the ends of its sockets; empty when the file names none.</param>
/// <param name="Problems">Everything that is wrong with the file.</param>
internal sealed record InstanceControl(
    uint Network,
    string Directory,
    IReadOnlyCollection<uint> AllowedUsers,
    IReadOnlyList<InstanceProblem> Problems
);
