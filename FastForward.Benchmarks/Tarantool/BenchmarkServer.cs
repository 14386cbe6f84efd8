using System.Diagnostics;
using System.Net.Sockets;
using Tarantool.Client;

namespace FastForward.Benchmarks.Tarantool;

/// <summary>A Tarantool server and, if there is a compiler, the C client, in a temporary directory.</summary>
internal sealed class BenchmarkServer : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tarantool-benchmark-").FullName;
    private readonly Process _server;
    private readonly Process? _client;

    public BenchmarkServer()
    {
        ProcessStartInfo start = new("tarantool", [Extract("benchmark.lua")]) { WorkingDirectory = _directory };
        start.Environment["BENCHMARK_DIRECTORY"] = _directory;
        _server = Process.Start(start)!;
        while (!File.Exists(Path.Combine(_directory, "ready")))
        {
            if (_server.HasExited)
                throw new InvalidOperationException($"The server exited with {_server.ExitCode}.");
            Thread.Sleep(10);
        }

        _client = StartClient();
    }

    public TarantoolClientOptions Options => new() { EndPoints = [new UnixDomainSocketEndPoint(SocketPath)] };

    /// <summary>Whether the C client could be compiled.</summary>
    public bool HasClient => _client is not null;

    private string SocketPath => Path.Combine(_directory, "iproto.sock");

    /// <summary>Makes the C client repeat an operation.</summary>
    /// <returns>The median duration of one operation in nanoseconds.</returns>
    public long Run(string operation, int count)
    {
        if (_client is null)
            throw new NotSupportedException("The C client could not be compiled: gcc is not installed.");
        _client.StandardInput.WriteLine($"{operation} {count}");
        _client.StandardInput.Flush();
        return long.Parse(_client.StandardOutput.ReadLine()!);
    }

    public void Dispose()
    {
        foreach (Process process in new[] { _client, _server }.OfType<Process>())
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private Process? StartClient()
    {
        string program = Path.Combine(_directory, "minimal_client");
        try
        {
            using Process compiler = Process.Start("gcc", ["-O2", "-Wall", "-o", program, Extract("minimal_client.c")]);
            compiler.WaitForExit();
            if (compiler.ExitCode != 0)
                return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }

        return Process.Start(
            new ProcessStartInfo(program, [SocketPath]) { RedirectStandardInput = true, RedirectStandardOutput = true }
        );
    }

    private string Extract(string name)
    {
        string path = Path.Combine(_directory, name);
        using Stream source = typeof(BenchmarkServer).Assembly.GetManifestResourceStream(name)!;
        using FileStream target = File.Create(path);
        source.CopyTo(target);
        return path;
    }
}
