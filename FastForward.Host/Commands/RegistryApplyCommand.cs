using System.CommandLine;
using FastForward.Host.Monitoring;
using FastForward.Transport.Registry.Tarantool;
using Tarantool.Client;

namespace FastForward.Host.Commands;

/// <summary><c>registry apply</c>: installs registry.lua into a Tarantool that runs.</summary>
internal static class RegistryApplyCommand
{
    // The module is loaded as under require, so that it does nothing before its options are known.
    private const string Install = """
        local text, options = ...
        if type(box.cfg) ~= 'table' then
            error('box.cfg was not called yet')
        end
        local module = assert(loadstring(text, '=registry.lua'))('fastforward.registry')
        module.apply(options)
        return box.info.ro
        """;

    public static Command Create()
    {
        Option<string> server = new("--server")
        {
            Description = "The server: 10.0.0.7:3301 or unix/:/run/tarantool/registry.sock.",
            HelpName = "address",
            Required = true,
        };
        Option<bool> keys = new("--keys")
        {
            Description = "Also a space for keys, which hosts read for their own user.",
        };
        RegistryLogin admin = new("", "A user who may run code and create spaces there (super); otherwise guest.");
        RegistryLogin host = new("for-", "A user for the hosts: created if missing, and given what hosts need.");
        Command command = new("apply", "Installs registry.lua into a Tarantool server that runs; any number of times.")
        {
            server,
            keys,
        };
        admin.AddTo(command);
        host.AddTo(command);
        command.Validators.Add(result =>
        {
            if (
                result.GetValue(server) is { } address
                && TarantoolRegistryOptions.FindServerProblem(address) is { } problem
            )
                result.AddError($"--server: '{address}' is no address of a server: {problem}");
        });
        command.SetAction(result =>
        {
            Dictionary<TarantoolValue, TarantoolValue> options = [];
            string? problem = admin.Read(result, out string? user, out string? password);
            string? hostUser = null;
            string? hostPassword = null;
            problem ??= host.Read(result, out hostUser, out hostPassword);
            if (problem is not null)
            {
                Console.Error.WriteLine(VisibleText.Of(problem));
                return ExitCode.Usage;
            }

            if (hostUser is not null)
            {
                options["user"] = hostUser;
                options["password"] = hostPassword;
            }

            if (result.GetValue(keys))
                options["keys"] = true;
            return RunAsync(result.GetValue(server)!, user, password, options).GetAwaiter().GetResult();
        });
        return command;
    }

    private static async Task<int> RunAsync(
        string server,
        string? user,
        string? password,
        Dictionary<TarantoolValue, TarantoolValue> options
    )
    {
        using SignalCancellation signals = new();
        TarantoolClientOptions connection = TarantoolClientOptions.Parse(server);
        connection.UserName = user;
        connection.Password = password;
        connection.AutoReconnect = false;
        try
        {
            TarantoolClient client = await TarantoolClient
                .ConnectAsync(connection, signals.Token)
                .ConfigureAwait(false);
            await using (client.ConfigureAwait(false))
            {
                TarantoolTuple result = await client
                    .EvalAsync(Install, [TarantoolRegistry.Script, options], cancellationToken: signals.Token)
                    .ConfigureAwait(false);
                Report(server, isReadOnly: result[0].AsBoolean());
                return ExitCode.Success;
            }
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception exception) when (exception is TarantoolException or TimeoutException)
        {
            Console.Error.WriteLine(VisibleText.Of($"{server}: {Describe(exception, user ?? "guest")}"));
            return exception is TarantoolConnectionException or TimeoutException
                ? ExitCode.Unavailable
                : ExitCode.Failure;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
    }

    private static void Report(string server, bool isReadOnly)
    {
        Console.Out.WriteLine(
            isReadOnly
                ? $"{server}: registry.lua is in use. The server is read-only: spaces and users come from its master."
                : $"{server}: registry.lua is in use, with the spaces OverriddenNodes and Nodes."
        );
        Console.Out.WriteLine("Tarantool forgets it when it ends. So that a restart has it again, save it:");
        Console.Out.WriteLine("  FastForward.Host registry script > /etc/tarantool/registry.lua");
        Console.Out.WriteLine("and add this line to the init script, after box.cfg:");
        Console.Out.WriteLine("  dofile('/etc/tarantool/registry.lua')");
    }

    private static string Describe(Exception exception, string user) =>
        exception switch
        {
            TarantoolServerException { Code: TarantoolErrorCodes.AccessDenied } =>
                $"{exception.Message}. Name a user who may run code and create spaces with --user; as admin, in the "
                    + $"console of the server: box.schema.user.grant('{user}', 'super')",
            TarantoolServerException { Code: TarantoolErrorCodes.NoSuchUser or TarantoolErrorCodes.PasswordMismatch } =>
                $"it refuses the user {user} or the password",
            _ => exception.Message,
        };
}
