using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Tarantool.Client;

namespace FastForward.Tests.Tarantool;

/// <summary>
/// A real server in a temporary directory, listening on a UNIX socket there or on a TCP port that it chooses. Killed on
/// dispose; its directory is deleted.
/// </summary>
internal sealed class TarantoolServer : IAsyncDisposable
{
    public const string User = "tester";
    public const string Password = "s3cret:@/ pass";

    private readonly string _directory = Directory.CreateTempSubdirectory("tarantool-test-").FullName;
    private readonly bool _useTcp;
    private readonly string _script;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private Process? _process;

    private TarantoolServer(bool useTcp, string script, IReadOnlyDictionary<string, string> environment)
    {
        _useTcp = useTcp;
        _script = script;
        _environment = environment;
    }

    /// <summary>The server's working directory.</summary>
    public string WorkingDirectory => _directory;

    public string SocketPath => Path.Combine(_directory, "iproto.sock");

    public EndPoint EndPoint =>
        _useTcp ? IPEndPoint.Parse(File.ReadAllText(ReadyPath)) : new UnixDomainSocketEndPoint(SocketPath);

    /// <summary>Options for the test user.</summary>
    public TarantoolClientOptions Options =>
        new()
        {
            EndPoints = [EndPoint],
            UserName = User,
            Password = Password,
        };

    private string ReadyPath => Path.Combine(_directory, "ready");

    /// <summary>What the server has logged.</summary>
    public string LogPath => Path.Combine(_directory, "log");

    /// <summary>The path of Tarantool. Skips the test if it is not installed.</summary>
    public static string Executable
    {
        get
        {
            if (FindExecutable() is { } path)
                return path;
            const string reason = "No 'tarantool' in PATH. Install Debian's package tarantool to run this test.";
            if (Environment.GetEnvironmentVariable("FASTFORWARD_TESTS_COMPLETE") == "1")
                Assert.Fail(reason);
            Assert.Ignore(reason);
            return "";
        }
    }

    /// <summary>Starts a server, or skips the test if Tarantool is not installed.</summary>
    /// <param name="useTcp">True: it listens on a TCP port.</param>
    /// <param name="script">The init script, relative to the directory of the tests.</param>
    /// <param name="environment">Additional variables for the init script.</param>
    public static async Task<TarantoolServer> StartAsync(
        bool useTcp = false,
        string script = "Tarantool/init.lua",
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        _ = Executable;
        TarantoolServer server = new(useTcp, script, environment ?? new Dictionary<string, string>());
        try
        {
            await server.RunAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the server. After <see cref="KillAsync"/> it can be run again and keeps its data.</summary>
    public async Task RunAsync()
    {
        File.Delete(ReadyPath);
        string script = Path.Combine(TestContext.CurrentContext.TestDirectory, _script);
        ProcessStartInfo start = new(Executable, [script])
        {
            WorkingDirectory = _directory,
            RedirectStandardError = true,
        };
        start.Environment["TEST_DIRECTORY"] = _directory;
        start.Environment["TEST_LISTEN"] = _useTcp ? "127.0.0.1:0" : $"unix/:{SocketPath}";
        start.Environment["TEST_USER"] = User;
        start.Environment["TEST_PASSWORD"] = Password;
        foreach ((string name, string value) in _environment)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        await Limits.Until(() => File.Exists(ReadyPath) || _process.HasExited, "the server is ready");
        if (_process.HasExited)
            Assert.Fail(
                $"The server exited with {_process.ExitCode}: {await errors}\n"
                    + (File.Exists(LogPath) ? await File.ReadAllTextAsync(LogPath) : "")
            );
    }

    /// <summary>Kills the server with SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        process.Kill();
        await process.WaitForExitAsync().InTime();
        process.Dispose();
    }

    /// <summary>Sends a signal, such as STOP or CONT.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{_process!.Id}"]);
        await kill.WaitForExitAsync().InTime();
        Assert.That(kill.ExitCode, Is.Zero);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static string? FindExecutable() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Where(directory => directory.Length > 0)
            .Select(directory => Path.Combine(directory, "tarantool"))
            .FirstOrDefault(File.Exists);
}
