using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using FastForward.Host.Demo;
using FastForward.Host.Demo.Chaos;
using FastForward.Host.Monitoring;
using FastForward.Host.Screens;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Host.Commands;

/// <summary><c>demo</c>: two node processes exchange radio traffic over every transport of this machine.</summary>
internal static class DemoCommand
{
    private const int DefaultSeconds = 7;
    private const int ChaosSeconds = 40;

    public static Command Create()
    {
        Option<bool> json = new("--json") { Description = "Print one JSON document instead of the table." };
        Option<int?> seconds = new("--seconds")
        {
            Description =
                $"How long the traffic runs over each transport, 1 to 600; {DefaultSeconds} by default, and "
                + $"{ChaosSeconds} with --chaos.",
            HelpName = "n",
        };
        seconds.Validators.Add(static result =>
        {
            if (
                result.Tokens.Count > 0
                && (!int.TryParse(result.Tokens[0].Value, out int value) || value is < 1 or > 600)
            )
                result.AddError(
                    $"--seconds: '{result.Tokens[0].Value}' is no whole number from 1 to 600; "
                        + $"for example: --seconds {DefaultSeconds}"
                );
        });
        Option<TransportKind[]> transports = new("--transport")
        {
            Description =
                "Only this transport, by its registry name such as FORWARD_TRANSPORT_IP, or just IP. May be repeated.",
            HelpName = "type",
            CustomParser = ParseTransports,
        };
        Option<string> impair = new("--impair")
        {
            Description =
                "Lose, delay and repeat datagrams on purpose, as the key impair of an instance file says: typical, "
                + "busy, bad-wan, or such as loss=2%,delay=30ms.",
            HelpName = "settings",
        };
        Option<ulong?> impairSeed = new("--impair-seed")
        {
            Description = "The same number loses the same datagrams.",
            HelpName = "n",
            CustomParser = static result =>
            {
                string text = result.Tokens[0].Value;
                if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
                    return seed;
                result.AddError($"--impair-seed: '{text}' is no whole number from 0; for example: --impair-seed 7");
                return null;
            },
        };
        impairSeed.Validators.Add(result =>
        {
            if (result.GetResult(impair) is null)
                result.AddError("--impair-seed: it needs --impair; for example: --impair bad-wan --impair-seed 7");
        });
        impair.Validators.Add(static result =>
        {
            if (
                result.Tokens.Count > 0
                && !ImpairmentOptions.TryParse(result.Tokens[0].Value, out _, out string? problem)
            )
                result.AddError(
                    $"--impair: '{result.Tokens[0].Value}' is no impairment: {problem}; for example: --impair bad-wan"
                );
        });
        Option<bool> chaos = new("--chaos")
        {
            Description =
                "Connect the nodes by several paths at once, and kill and heal paths while the traffic goes on.",
        };
        Command command = new(
            "demo",
            "Two node processes exchange radio traffic over every transport that this machine supports."
        )
        {
            json,
            seconds,
            chaos,
            transports,
            impair,
            impairSeed,
        };
        command.Validators.Add(result =>
        {
            if (
                result.GetResult(impair) is not null
                && result.GetResult(transports) is { } asked
                && asked.GetValueOrDefault<TransportKind[]?>() is { } kinds
                && !kinds.Contains(TransportKind.Ip)
            )
                result.AddError("--impair: only IP has datagrams to impair; leave out --transport, or add IP to it");
        });
        command.Validators.Add(result =>
        {
            if (!result.GetValue(chaos))
                return;
            if (result.GetResult(transports) is not null)
                result.AddError("--chaos: it uses several transports at once; leave out --transport");
            if (result.GetResult(impair) is not null)
                result.AddError(
                    "--chaos: losses made on purpose would hide what the faults of paths cost; leave out --impair"
                );
            if (
                result.GetResult(seconds)?.Tokens is [{ Value: { } text }]
                && int.TryParse(text, CultureInfo.InvariantCulture, out int given)
                && given < ChaosRun.LeastSeconds
            )
                result.AddError(
                    $"--chaos: in less than {ChaosRun.LeastSeconds} s nothing happens; "
                        + $"for example: --chaos --seconds {ChaosSeconds}"
                );
        });
        command.SetAction(result =>
        {
            bool asJson = result.GetValue(json);
            int? length = result.GetValue(seconds);
            TransportKind[] asked = result.GetValue(transports) ?? [];
            ImpairmentOptions? impairment = ImpairmentOf(result.GetValue(impair), result.GetValue(impairSeed));
            Task<int> run = result.GetValue(chaos)
                ? RunAsync((screen, token) => ShowChaosAsync(asJson, length ?? ChaosSeconds, screen, token))
                : RunAsync(
                    (screen, token) =>
                        ShowTransportsAsync(asJson, length ?? DefaultSeconds, asked, impairment, screen, token)
                );
            return run.GetAwaiter().GetResult();
        });
        return command;
    }

    private static TransportKind[] ParseTransports(ArgumentResult result)
    {
        List<TransportKind> kinds = [];
        foreach (Token token in result.Tokens)
        {
            if (TransportTypeMap.Default.TryParse(token.Value, out TransportKind kind))
                kinds.Add(kind);
            else
                result.AddError(
                    $"--transport: '{token.Value}' is no transport type; there are "
                        + string.Join(", ", Enum.GetValues<TransportKind>().Select(TransportTypeMap.NameOf))
                );
        }

        return [.. kinds];
    }

    // The seed is chosen here, so that both nodes and the result have the same.
    private static ImpairmentOptions? ImpairmentOf(string? text, ulong? seed) =>
        text is not null && ImpairmentOptions.TryParse(text, out ImpairmentOptions? options, out _)
            ? options with
            {
                Seed = seed ?? options.Seed ?? (ulong)Random.Shared.Next(),
            }
            : null;

    private static async Task<int> RunAsync(Func<DemoScreen, CancellationToken, Task<bool>> run)
    {
        using SignalCancellation signals = new();
        DemoScreen screen = new(Console.Error, !Console.IsErrorRedirected);
        try
        {
            return await run(screen, signals.Token).ConfigureAwait(false) ? ExitCode.Success : ExitCode.Failure;
        }
        catch (DemoFailure failure)
        {
            screen.Line($"The demo could not be brought to its end: {failure.Message}");
            return ExitCode.Failure;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
        catch (OperationCanceledException)
        {
            screen.Line("The demo was interrupted; its processes are ended.");
            return ExitCode.Interrupted;
        }
    }

    private static async Task<bool> ShowTransportsAsync(
        bool json,
        int seconds,
        TransportKind[] transports,
        ImpairmentOptions? impairment,
        DemoScreen screen,
        CancellationToken cancellationToken
    )
    {
        DemoDocument document = await DemoRun
            .RunAsync(transports, seconds, impairment, screen, cancellationToken)
            .ConfigureAwait(false);
        if (json)
            Console.Out.WriteLine(JsonSerializer.Serialize(document, DemoJson.Default.DemoDocument));
        else
            DemoScreen.WriteTable(Console.Out, document, Screen.OutputWidth, Screen.OutputHasColors);
        return document.IsSuccess();
    }

    private static async Task<bool> ShowChaosAsync(
        bool json,
        int seconds,
        DemoScreen screen,
        CancellationToken cancellationToken
    )
    {
        ChaosDocument document = await new ChaosRun(seconds, screen).RunAsync(cancellationToken).ConfigureAwait(false);
        if (json)
            Console.Out.WriteLine(JsonSerializer.Serialize(document, DemoJson.Default.ChaosDocument));
        else
            ChaosTable.Write(Console.Out, document, Screen.OutputWidth, Screen.OutputHasColors);
        return document.IsSuccess;
    }
}
