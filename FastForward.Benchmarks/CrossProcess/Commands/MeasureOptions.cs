using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Benchmarks.CrossProcess.Commands;

/// <summary>The options shared by all measuring commands.</summary>
internal sealed class MeasureOptions
{
    private const int LargestSize = 1100; // the limit of a real-time message, the smallest of all media
    private readonly Option<string[]> _transports = List(
        "--transport",
        "One or more of ip, socket, memory, vsock, rdma, tcp, separated by commas.",
        TransportName.All
    );
    private readonly Option<string[]> _implementations = List(
        "--implementation",
        $"One or more of {string.Join(", ", ImplementationName.All)}, separated by commas.",
        ImplementationName.All
    );
    private readonly Option<string[]> _modes = List(
        "--mode",
        "How the processes wait: one or more of spin, adaptive, block.",
        [.. Enum.GetNames<Mode>().Select(static name => name.ToLowerInvariant())]
    );
    private readonly Option<int> _rounds = Number(
        "--rounds",
        "How often each contestant is measured, taking turns, 1 to 1000.",
        5,
        1,
        1000
    );
    private readonly Option<double> _seconds = Seconds("--seconds", "Measured time of a round, 0.05 to 3600.", 1, 0.05);
    private readonly Option<double> _warmUp = Seconds(
        "--warmup",
        "Warm-up time before it, in which the runtime compiles the code, 0 to 3600.",
        1.5,
        0
    );
    private readonly Option<Pinning> _pinning;
    private readonly Option<string> _vsockType = new("--vsock-type")
    {
        Description = "The type of vsock sockets: seqpacket or stream.",
        HelpName = "type",
        DefaultValueFactory = static _ => "seqpacket",
    };
    private readonly Option<string?> _json = new("--json")
    {
        Description = "Write JSON to a file, or to standard output.",
        HelpName = "file",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _plot = new("--plot")
    {
        Description = "Write plots (PNG) into this directory.",
        HelpName = "directory",
    };
    private readonly Option<int[]> _sizes;

    public MeasureOptions(int[] sizes)
    {
        _sizes = new Option<int[]>("--size")
        {
            Description = $"Bytes per message, 16 to {LargestSize}; one or more, separated by commas.",
            HelpName = "bytes",
            CustomParser = ParseSizes,
            DefaultValueFactory = _ => sizes,
        };
        _pinning = new Option<Pinning>("--pin")
        {
            Description = "The cores of the two processes, for example 0,1, or none.",
            HelpName = "a,b",
            CustomParser = ParsePinning,
            DefaultValueFactory = static _ => Pinning.Default,
        };
        _vsockType.AcceptOnlyFromAmong("seqpacket", "stream");
    }

    public void AddTo(Command command)
    {
        foreach (
            Option option in new Option[]
            {
                _transports,
                _implementations,
                _modes,
                _sizes,
                _rounds,
                _seconds,
                _warmUp,
                _pinning,
                _vsockType,
                _json,
                _plot,
            }
        )
            command.Add(option);
    }

    public MeasureSettings Read(ParseResult result, WorkloadKind workload) =>
        new()
        {
            Workload = workload,
            Transports = result.GetRequiredValue(_transports),
            Implementations = result.GetRequiredValue(_implementations),
            Modes =
            [
                .. result.GetRequiredValue(_modes).Select(static name => Enum.Parse<Mode>(name, ignoreCase: true)),
            ],
            Sizes = result.GetRequiredValue(_sizes),
            Rounds = result.GetValue(_rounds),
            Seconds = result.GetValue(_seconds),
            WarmUpSeconds = result.GetValue(_warmUp),
            Pinning = result.GetValue(_pinning),
            VSocketType = Enum.Parse<VSocketType>(result.GetRequiredValue(_vsockType), ignoreCase: true),
            Json = result.GetResult(_json) is not null,
            JsonFile = result.GetValue(_json),
            PlotDirectory = result.GetValue(_plot),
        };

    /// <summary>An integer within bounds.</summary>
    public static Option<int> Number(string name, string description, int standard, int least, int most)
    {
        Option<int> option = new(name) { Description = description, HelpName = "n" };
        option.DefaultValueFactory = _ => standard;
        option.CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (
                int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int value)
                && value >= least
                && value <= most
            )
                return value;
            result.AddError(
                $"{name}: '{text}' is not an integer from {least} to {most}; for example: {name} {standard}"
            );
            return standard;
        };
        return option;
    }

    private static Option<double> Seconds(string name, string description, double standard, double least)
    {
        Option<double> option = new(name) { Description = description, HelpName = "n" };
        option.DefaultValueFactory = _ => standard;
        option.CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (
                double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && value >= least
                && value <= 3600
            )
                return value;
            result.AddError(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name}: '{text}' is not a number from {least} to 3600; for example: {name} {standard}"
                )
            );
            return standard;
        };
        return option;
    }

    private static Option<string[]> List(string name, string description, string[] known) =>
        new(name)
        {
            Description = description,
            HelpName = "list",
            DefaultValueFactory = _ => known,
            CustomParser = result =>
            {
                List<string> chosen = [];
                foreach (string text in Words(result))
                {
                    string? match = Array.Find(
                        known,
                        candidate => candidate.Equals(text, StringComparison.OrdinalIgnoreCase)
                    );
                    if (match is null)
                        result.AddError($"{name}: '{text}' is not one of {string.Join(", ", known)}");
                    else if (!chosen.Contains(match))
                        chosen.Add(match);
                }

                return [.. chosen];
            },
        };

    private static int[] ParseSizes(ArgumentResult result)
    {
        List<int> sizes = [];
        foreach (string text in Words(result))
        {
            if (
                !int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int size)
                || size is < Workloads.MessageHeader.Size or > LargestSize
            )
                result.AddError(
                    $"--size: '{text}' is not an integer from {Workloads.MessageHeader.Size} to {LargestSize}; "
                        + "for example: --size 64,256"
                );
            else if (!sizes.Contains(size))
                sizes.Add(size);
        }

        return [.. sizes];
    }

    private static Pinning ParsePinning(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (text.Equals("none", StringComparison.OrdinalIgnoreCase))
            return Pinning.None;
        int[] cores =
        [
            .. Words(result)
                .Select(static word =>
                    int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int core) ? core : -1
                ),
        ];
        if (cores is [>= 0, >= 0] && Array.TrueForAll(cores, Scheduling.AllowedProcessors.Contains))
            return new Pinning(cores[0], cores[1]);
        result.AddError(
            $"--pin: '{text}' does not name two cores available to this process "
                + $"({string.Join(",", Scheduling.AllowedProcessors)}); for example: --pin 0,1, or --pin none"
        );
        return default;
    }

    private static IEnumerable<string> Words(ArgumentResult result) =>
        result.Tokens.SelectMany(static token => token.Value.Split(',', StringSplitOptions.TrimEntries));
}
