namespace FastForward.Host.Demo;

/// <summary>What became of the messages of one class over an impaired transport, in both directions.</summary>
/// <param name="Accepted">Messages and echoes that the nodes accepted.</param>
/// <param name="Delivered">Of them, those that arrived.</param>
/// <param name="Lost">The others.</param>
/// <param name="RttP50Micros">Half of the round trips took at most this long, in microseconds.</param>
/// <param name="RttP99Micros">99 of 100 took at most this long.</param>
internal sealed record ImpairedClass(
    long Accepted,
    long Delivered,
    long Lost,
    double RttP50Micros,
    double RttP99Micros
);
