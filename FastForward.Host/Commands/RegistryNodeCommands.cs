using System.CommandLine;
using FastForward.Host.Instances;
using FastForward.Host.Monitoring;
using FastForward.Host.Running;
using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Host.Commands;

/// <summary><c>registry add-node</c> and <c>registry remove-node</c>: rows of a registry.</summary>
internal static class RegistryNodeCommands
{
    public static Command CreateAdd()
    {
        Argument<uint> node = NodeArgument();
        Option<string> address = new("--address")
        {
            Description = "Its address in the form of the medium; none for SOCKET.",
            HelpName = "address",
            DefaultValueFactory = static _ => "",
        };
        Option<int> port = new("--port") { Description = "Its port.", Required = true };
        Option<uint> key = new("--key") { Description = "The id of the key that it must prove; 0 for none." };
        Option<string?> transport = new("--transport")
        {
            Description =
                "A row of OverriddenNodes with this type (IP, RDMA, SOCKET, VSOCKET), instead of one of Nodes.",
            HelpName = "type",
        };
        Option<bool> replace = new("--replace") { Description = "Replace another row of the node." };
        RegistryChoice choice = new();
        RegistryLogin login = LoginOption();
        Command command = new("add-node", "Writes the row of a node to the registry of an instance.")
        {
            node,
            address,
            port,
            key,
            transport,
            replace,
        };
        choice.AddTo(command);
        login.AddTo(command);
        NumberRange.Require(port, 1, 65_535);
        command.Validators.Add(result =>
        {
            if (result.GetValue(transport) is { } type && !TransportTypeMap.Default.TryParse(type, out _))
                result.AddError($"--transport: '{type}' is none of IP, RDMA, SOCKET, VSOCKET");
        });
        command.SetAction(result =>
        {
            TransportKind kind = TransportKind.Ip;
            RouteTable table = RouteTable.Nodes;
            if (result.GetValue(transport) is { } type && TransportTypeMap.Default.TryParse(type, out kind))
                table = RouteTable.OverriddenNodes;

            RouteRow row = new(
                result.GetValue(node),
                result.GetValue(key),
                kind,
                result.GetValue(address)!,
                result.GetValue(port)
            );
            return Run(
                result,
                choice,
                login,
                table,
                settings => FindProblem(settings, row),
                (writer, stop) => writer.AddAsync(table, row, result.GetValue(replace), stop)
            );
        });
        return command;
    }

    public static Command CreateRemove()
    {
        Argument<uint> node = NodeArgument();
        Option<bool> isOverride = new("--override") { Description = "The row of OverriddenNodes, not that of Nodes." };
        RegistryChoice choice = new();
        RegistryLogin login = LoginOption();
        Command command = new("remove-node", "Deletes the row of a node from the registry of an instance.")
        {
            node,
            isOverride,
        };
        choice.AddTo(command);
        login.AddTo(command);
        command.SetAction(result =>
        {
            RouteTable table = result.GetValue(isOverride) ? RouteTable.OverriddenNodes : RouteTable.Nodes;
            return Run(
                result,
                choice,
                login,
                table,
                static _ => null,
                (writer, stop) => writer.RemoveAsync(table, result.GetValue(node), stop)
            );
        });
        return command;
    }

    private static int Run(
        ParseResult result,
        RegistryChoice choice,
        RegistryLogin login,
        RouteTable table,
        Func<InstanceSettings, string?> findProblem,
        Func<RegistryWriter, CancellationToken, Task<RegistryWriter.Outcome>> write
    )
    {
        if (choice.Read(result) is not { } settings)
            return ExitCode.Configuration;
        if (choice.Find(result, settings, table) is not { } registry)
            return ExitCode.Configuration;
        string? user = null;
        string? password = null;
        string? problem = findProblem(settings) ?? login.Read(result, out user, out password);
        if (problem is not null)
        {
            Console.Error.WriteLine(VisibleText.Of(problem));
            return ExitCode.Usage;
        }

        RegistryWriter writer = new(
            registry.Servers,
            user ?? registry.User,
            user is null ? registry.Password : password
        );
        using SignalCancellation signals = new();
        try
        {
            RegistryWriter.Outcome outcome = write(writer, signals.Token).GetAwaiter().GetResult();
            (outcome.IsDone ? Console.Out : Console.Error).WriteLine(VisibleText.Of(outcome.Text));
            return outcome.IsDone ? ExitCode.Success : ExitCode.Failure;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
    }

    // By the rules of this instance: others may allow less or more.
    private static string? FindProblem(InstanceSettings settings, RouteRow row)
    {
        RouteOptions options = new()
        {
            SocketDirectory = settings.SocketDirectory,
            AllowUnkeyedNetwork = settings.AllowUnkeyedNetwork,
        };
        using OverrideResolver resolver = new([new StaticRouteSource([row])], options);
        return resolver.Problems.Count == 0 ? null : $"{row}: {RouteSectionReader.ReasonOf(resolver.Problems[0])}";
    }

    private static Argument<uint> NodeArgument()
    {
        Argument<uint> node = new("node") { Description = "The id of the node." };
        NumberRange.Require(node, 1u, uint.MaxValue);
        return node;
    }

    private static RegistryLogin LoginOption() => new("", "A user who may write, if the instance's user may not.");
}
