using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>A child process that answers in lines. Disposing terminates it.</summary>
internal sealed class ChildProgram : IDisposable
{
    private static readonly TimeSpan s_exitLimit = TimeSpan.FromSeconds(2);
    private static readonly byte[] s_byte = [(byte)'g'];

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _errors = [];
    private readonly string _role;

    private ChildProgram(string role, Process process)
    {
        _role = role;
        _process = process;
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Ended = _process.WaitForExitAsync();
    }

    public int Id => _process.Id;

    /// <summary>Completes when the process has exited. An exit before disposal is a failure.</summary>
    public Task Ended { get; }

    /// <summary>In messages: its role and its number.</summary>
    public string Name => $"the {_role} process ({_process.Id})";

    /// <param name="role">What it is in messages, such as "client".</param>
    /// <param name="start">Its program and arguments.</param>
    public static ChildProgram Start(string role, ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            return new ChildProgram(role, Process.Start(start)!);
        }
        catch (Win32Exception exception)
        {
            // For example a temporary directory mounted noexec, which prevents a C program from starting.
            throw new BenchmarkFailure($"{start.FileName} cannot be started: {exception.Message}");
        }
    }

    /// <summary>This program with other arguments.</summary>
    public static ProcessStartInfo OwnCommand(params string[] command)
    {
        string program = Environment.ProcessPath ?? throw new BenchmarkFailure("the path of this process is unknown");
        bool throughDotnet = Path.GetFileNameWithoutExtension(program)
            .Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        ProcessStartInfo start = new(
            program,
            throughDotnet ? [Environment.GetCommandLineArgs()[0], .. command] : command
        );
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // no debugger threads and files
        start.Environment["DOTNET_gcConcurrent"] = "0"; // as in FastForward.Host
        return start;
    }

    public static long Number(string text) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new BenchmarkFailure($"'{text}' is not a number");

    /// <summary>Waits for the next line.</summary>
    public async Task<string> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return await _lines.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            await Ended.WaitAsync(cancellation).ConfigureAwait(false);
            throw new BenchmarkFailure(DescribeEnd()!);
        }
    }

    /// <summary>Waits for a line that begins with <paramref name="word"/>.</summary>
    /// <returns>The words after it.</returns>
    public async Task<string[]> ExpectAsync(string word, CancellationToken cancellation)
    {
        string line = await ReadAsync(cancellation).ConfigureAwait(false);
        string[] words = line.Split(' ');
        if (words[0] != word)
            throw new BenchmarkFailure($"{Name} printed '{line}' where '{word}' was expected");
        return words[1..];
    }

    /// <summary>Writes the byte that the process waits for.</summary>
    public void Go()
    {
        try
        {
            _process.StandardInput.BaseStream.Write(s_byte);
            _process.StandardInput.BaseStream.Flush();
        }
        catch (IOException)
        {
            // The process has exited; reading the next line reports why.
        }
    }

    /// <summary>The exit code and the last error output; null while it runs.</summary>
    public string? DescribeEnd()
    {
        if (!Ended.IsCompleted)
            return null;
        string last;
        lock (_errors)
            last = _errors.Count == 0 ? "" : $": {string.Join("; ", _errors.TakeLast(5))}";
        return $"{Name} ended with code {_process.ExitCode}{last}";
    }

    /// <summary>Closes the input, and kills the process if it does not exit in time.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The process has already exited.
        }

        if (!_process.WaitForExit(s_exitLimit))
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
            _lines.Writer.TryComplete();
        else
            _lines.Writer.TryWrite(line);
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_errors)
            _errors.Add(line);
    }
}
