using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using FastForward.Benchmarks.CrossProcess;
using FastForward.Transport.Registry.Tarantool;
using Tarantool.Client;

namespace FastForward.Benchmarks.Registry;

/// <summary>A Tarantool with a registry, in a temporary directory.</summary>
internal sealed class RegistryProcess : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("registry-benchmark-").FullName;
    private readonly Process _server;

    public RegistryProcess()
    {
        Extract(typeof(TarantoolRegistry), "registry.lua");
        ProcessStartInfo start = new("tarantool", [Extract(typeof(RegistryProcess), "registry_server.lua")])
        {
            WorkingDirectory = _directory,
        };
        start.Environment["BENCHMARK_DIRECTORY"] = _directory;
        try
        {
            _server = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Directory.Delete(_directory, recursive: true);
            throw new BenchmarkFailure("There is no 'tarantool' in PATH: install Debian's package tarantool.");
        }

        while (!File.Exists(Path.Combine(_directory, "ready")))
        {
            if (_server.HasExited)
                throw new BenchmarkFailure($"Tarantool ended with {_server.ExitCode}.");
            Thread.Sleep(10);
        }

        Client = TarantoolClient
            .ConnectAsync(new TarantoolClientOptions { EndPoints = [new UnixDomainSocketEndPoint(SocketPath)] })
            .AsTask()
            .GetAwaiter()
            .GetResult();
    }

    /// <summary>A client that may write.</summary>
    public TarantoolClient Client { get; }

    private string SocketPath => Path.Combine(_directory, "iproto.sock");

    /// <summary>Follows it.</summary>
    public TarantoolRegistry Follow()
    {
        TarantoolRegistry registry = new(new TarantoolRegistryOptions { Servers = [$"unix/:{SocketPath}"] });
        registry.Start();
        return registry;
    }

    /// <summary>Runs Lua code, as an operator types it.</summary>
    public void Type(string line) => Client.EvalAsync(line).AsTask().GetAwaiter().GetResult();

    public void Dispose()
    {
        Client.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _server.Kill();
        _server.WaitForExit();
        _server.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private string Extract(Type owner, string name)
    {
        string path = Path.Combine(_directory, name);
        using Stream source = owner.Assembly.GetManifestResourceStream(name)!;
        using FileStream target = File.Create(path);
        source.CopyTo(target);
        return path;
    }
}
