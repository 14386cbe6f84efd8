namespace FastForward.Host.Control;

/// <summary>What a running node does on purpose to the datagrams that it sends.</summary>
/// <param name="Settings">As in the instance file, with the seed in use.</param>
/// <param name="Frames">Frames that were to be sent.</param>
/// <param name="Lost">Of them, those that were lost, outages apart.</param>
/// <param name="LostInOutages">Those that were lost in outages.</param>
/// <param name="Overflowed">Frames and copies that found no room.</param>
/// <param name="Duplicated">Frames that were sent twice.</param>
/// <param name="Delayed">Frames and copies that were delayed.</param>
internal sealed record ImpairmentReport(
    string Settings,
    long Frames,
    long Lost,
    long LostInOutages,
    long Overflowed,
    long Duplicated,
    long Delayed
);
