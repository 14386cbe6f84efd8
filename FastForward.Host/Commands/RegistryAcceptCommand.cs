using System.CommandLine;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;

namespace FastForward.Host.Commands;

/// <summary><c>registry accept</c>: has running hosts take the rows of a registry as they are now.</summary>
internal static class RegistryAcceptCommand
{
    public static Command Create()
    {
        Option<string?> registry = new("--registry")
        {
            Description = "The registry, as its section is named in the instance file. Otherwise all of them.",
            HelpName = "name",
        };
        HostChoice host = new();
        Command command = new(
            "accept",
            "Has running hosts use the rows of a registry that was restored from an older copy, or replaced."
        )
        {
            registry,
        };
        host.AddTo(command);
        host.AddAllTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(registry) is not null && result.GetValue(registry) is "")
                result.AddError("--registry names no registry");
        });
        command.SetAction(result =>
            RunAsync(() => host.Find(result, Console.Error), result.GetValue(registry)).GetAwaiter().GetResult()
        );
        return command;
    }

    private static async Task<int> RunAsync(Func<IReadOnlyList<ControlTarget>> find, string? registry)
    {
        int code = ExitCode.Success;
        try
        {
            foreach (ControlTarget target in find())
                code = Math.Max(code, await AcceptAsync(target, registry).ConfigureAwait(false));
            return code;
        }
        catch (ControlFailure failure)
        {
            Console.Error.WriteLine(failure.Message);
            return failure.ExitCode;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
    }

    private static async Task<int> AcceptAsync(ControlTarget target, string? registry)
    {
        IReadOnlyList<AcceptedReport> reports;
        try
        {
            reports = await target.AcceptAsync(registry, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ControlFailure failure)
        {
            Console.Error.WriteLine(failure.Message);
            return failure.ExitCode;
        }

        int code = ExitCode.Success;
        foreach (AcceptedReport report in reports)
        {
            if (report.Server is null)
                code = ExitCode.Failure;
            string taken = report.Server is null
                ? "no server answers; nothing was changed"
                : $"the rows of {report.Server} are in use ({report.Registry.Rows})";
            Console.Out.WriteLine(VisibleText.Of($"{target.Path}: {report.Name}: {taken}"));
        }

        return code;
    }
}
