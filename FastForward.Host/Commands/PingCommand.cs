using System.CommandLine;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;

namespace FastForward.Host.Commands;

/// <summary><c>ping</c>: measures the round trip from a running host to another node.</summary>
internal static class PingCommand
{
    // Added to the requested interval and time-out, after which the host answers at once.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        Argument<uint> node = new("node") { Description = "The id of the node to ask." };
        Option<long> count = new("--count", "-c")
        {
            Description = "How many times; without it, until Ctrl-C.",
            HelpName = "n",
        };
        Option<double> interval = new("--interval", "-i")
        {
            Description = "Seconds between two, 0.01 to 60.",
            HelpName = "s",
            DefaultValueFactory = static _ => 1,
        };
        Option<double> timeout = new("--timeout", "-w")
        {
            Description = "Seconds that an answer may take, 0.01 to 60.",
            HelpName = "s",
            DefaultValueFactory = static _ => 2,
        };
        Option<int> size = new("--size", "-s")
        {
            Description = "Bytes to fill probe and answer up with, 0 to 1100.",
            HelpName = "bytes",
        };
        Option<bool> json = new("--json") { Description = "Print JSON: a line per answer, and one with the summary." };
        HostChoice host = new();
        Command command = new(
            "ping",
            "Measures the round trip from a running host to a node, on every path between them."
        )
        {
            node,
            count,
            interval,
            timeout,
            size,
            json,
        };
        host.AddTo(command);
        NumberRange.Require(node, 1u, uint.MaxValue);
        NumberRange.Require(count, 1L, long.MaxValue);
        NumberRange.Require(interval, 0.01, 60.0);
        NumberRange.Require(timeout, 0.01, 60.0);
        NumberRange.Require(size, 0, 1100);
        command.SetAction(result =>
        {
            ControlRequest request = new()
            {
                Command = "ping",
                Node = result.GetValue(node),
                Count = result.GetValue(count),
                IntervalMillis = (int)Math.Round(result.GetValue(interval) * 1000),
                TimeoutMillis = (int)Math.Round(result.GetValue(timeout) * 1000),
                Size = result.GetValue(size),
            };
            PingScreen screen = new(Console.Out, result.GetValue(json), request);
            return RunAsync(() => host.Find(result, Console.Error), request, screen).GetAwaiter().GetResult();
        });
        return command;
    }

    private static async Task<int> RunAsync(
        Func<IReadOnlyList<ControlTarget>> find,
        ControlRequest request,
        PingScreen screen
    )
    {
        using SignalCancellation signals = new();
        bool began = false;
        try
        {
            ControlTarget target = await PingSource
                .FindAsync(find(), request.Node, signals.Token)
                .ConfigureAwait(false);
            using ControlClient client = target.Ask(request);
            TimeSpan timeout = s_timeout + TimeSpan.FromMilliseconds(request.IntervalMillis + request.TimeoutMillis);
            while (true)
            {
                ControlAnswer answer = await client.ReadAsync(timeout, signals.Token).ConfigureAwait(false);
                if (answer.Begin is { } begin)
                    screen.Begin(begin);
                if (answer.Reply is { } reply)
                    screen.Reply(reply);
                if (answer is { Begin: null, Reply: null, End: null })
                    throw client.NotTheProtocol("it answers no ping");
                began = true;
                if (answer.End is not null)
                    break;
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C: the summary covers what was received so far.
        }
        catch (ControlFailure failure)
        {
            Console.Error.WriteLine(failure.Message);
            if (!began)
                return failure.ExitCode is ExitCode.Usage or ExitCode.Configuration
                    ? failure.ExitCode
                    : ExitCode.Failure;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }

        return Finish(screen);
    }

    private static int Finish(PingScreen screen)
    {
        try
        {
            screen.End();
            return screen.Summary.Received > 0 ? ExitCode.Success : ExitCode.Failure;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
    }
}
