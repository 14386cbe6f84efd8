using BenchmarkDotNet.Running;
using FastForward.Benchmarks.Suites.Encryption;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// <c>suites [options of BenchmarkDotNet]</c>: the suites of FastForward.Transport. They run in this process, so that
/// no SDK is needed; <c>--job Short</c> or <c>--job Dry</c> shortens them.
/// </summary>
internal static class SuitesCommand
{
    private static readonly Type[] s_suites =
    [
        typeof(RoundTripSuite),
        typeof(OneWaySuite),
        typeof(FrameSuite),
        typeof(ForgerySuite),
        typeof(ClientSuite),
        typeof(PipeSuite),
        typeof(EncryptionSuite),
        typeof(HandshakeSuite),
    ];

    public static int Run(string[] arguments)
    {
        foreach (string reason in BenchmarkMedia.Missing)
            Console.Error.WriteLine($"not run: {reason}");
        string[] all =
            arguments.Contains("--filter") || arguments.Contains("-f") || arguments.Contains("--list")
                ? arguments
                : [.. arguments, "--filter", "*"];
        BenchmarkDotNet.Reports.Summary[] summaries =
        [
            .. BenchmarkSwitcher.FromTypes(s_suites).Run([.. all, "--inProcess"]),
        ];
        bool isWhole = summaries.All(static summary =>
            !summary.HasCriticalValidationErrors && summary.Reports.All(static report => report.Success)
        );
        return isWhole && (summaries.Length > 0 || arguments.Contains("--list")) ? 0 : 1;
    }
}
