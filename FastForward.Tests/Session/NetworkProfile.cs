using FastForward.Transport.Transports.Impairment;

namespace FastForward.Tests.Session;

/// <summary>
/// The profiles of impaired transports as ways of the simulation. What a profile reorders is not simulated.
/// </summary>
internal static class NetworkProfile
{
    public static DatagramWay Typical => Of(ImpairmentOptions.Typical);

    public static DatagramWay Busy => Of(ImpairmentOptions.Busy);

    public static DatagramWay BadWan => Of(ImpairmentOptions.BadWan);

    private static DatagramWay Of(ImpairmentOptions profile) =>
        new()
        {
            Delay = (long)profile.Delay.TotalMicroseconds,
            Jitter = (long)profile.Jitter.TotalMicroseconds,
            Loss = profile.LossPercent / 100,
            Burst = profile.MeanBurst,
            Duplicates = profile.DuplicatePercent / 100,
        };
}
