using FastForward.Tests.Tarantool;
using Tarantool.Client;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>A real Tarantool with the registry, and a client of it that may do everything.</summary>
internal sealed class RegistryServer : IAsyncDisposable
{
    /// <summary>Applies the registry as an init script does.</summary>
    public const string Dofile = "dofile(...)";

    private readonly TarantoolServer _server;

    private RegistryServer(TarantoolServer server, TarantoolClient client)
    {
        _server = server;
        Client = client;
    }

    /// <summary>The module's path.</summary>
    public static string ModulePath =>
        Path.Combine(TestContext.CurrentContext.TestDirectory, "Registry", "Tarantool", "registry.lua");

    public TarantoolClient Client { get; }

    /// <summary>Where it listens, as an operator writes it.</summary>
    public string Address => $"unix/:{_server.SocketPath}";

    public string WorkingDirectory => _server.WorkingDirectory;

    /// <summary>Starts a server.</summary>
    /// <param name="apply">Lua code that applies the registry; its argument is the module's path.</param>
    /// <param name="replicaOf">The server to replicate from; such a server is read-only.</param>
    public static async Task<RegistryServer> StartAsync(string apply = Dofile, RegistryServer? replicaOf = null)
    {
        Dictionary<string, string> environment = new() { ["TEST_APPLY"] = apply, ["TEST_REGISTRY"] = ModulePath };
        if (replicaOf is not null)
        {
            environment["TEST_REPLICATION"] = $"follower:follower@unix/:{replicaOf._server.SocketPath}";
            environment["TEST_READ_ONLY"] = "1";
        }

        TarantoolServer server = await TarantoolServer.StartAsync(
            script: "Registry/Tarantool/server.lua",
            environment: environment
        );
        try
        {
            return new RegistryServer(server, await TarantoolClient.ConnectAsync(server.Options).InTime());
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of another user.</summary>
    public Task<TarantoolClient> ConnectAsync(string user, string password)
    {
        TarantoolClientOptions options = _server.Options;
        options.UserName = user;
        options.Password = password;
        return TarantoolClient.ConnectAsync(options).InTime();
    }

    /// <summary>Runs Lua code.</summary>
    public Task<TarantoolTuple> EvalAsync(string code, params TarantoolValue[] arguments) =>
        Client.EvalAsync(code, TarantoolTuple.Create(arguments)).InTime();

    /// <summary>Runs Lua code and returns its first result.</summary>
    public async Task<TarantoolValue> ValueAsync(string code, params TarantoolValue[] arguments) =>
        (await EvalAsync(code, arguments))[0];

    /// <summary>Reads the registry.</summary>
    public async Task<RegistryAnswer> ReadAsync(string? version = null, double timeout = 0) =>
        await RegistryAnswer.ReadAsync(Client, version, timeout);

    /// <summary>Waits until a Lua expression is true.</summary>
    public async Task UntilAsync(string expression)
    {
        using CancellationTokenSource timer = new(Limits.Wait);
        while (!(await ValueAsync($"return not not ({expression})")).AsBoolean())
        {
            Assert.That(timer.IsCancellationRequested, Is.False, $"Not reached within {Limits.Wait}: {expression}");
            await Task.Delay(5, CancellationToken.None);
        }
    }

    /// <summary>Waits until a number of calls wait for a change.</summary>
    public Task UntilWaitingAsync(int count) => UntilAsync($"fastforward.registry_state.waiting == {count}");

    /// <summary>Kills the server with SIGKILL and runs it again with its data.</summary>
    public async Task RestartAsync()
    {
        await _server.KillAsync();
        await _server.RunAsync();
    }

    /// <summary>Kills the server with SIGKILL.</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Runs it again with its data.</summary>
    public Task RunAsync() => _server.RunAsync();

    /// <summary>Sends a signal, such as STOP or CONT.</summary>
    public Task SignalAsync(string signal) => _server.SignalAsync(signal);

    /// <summary>What the server has logged.</summary>
    public Task<string> LogAsync() => File.ReadAllTextAsync(_server.LogPath);

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _server.DisposeAsync();
    }
}
