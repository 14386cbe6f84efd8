using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace FastForward.Host.Demo;

/// <summary>The parent's view of one node process of the demo.</summary>
internal sealed class DemoChild : IDisposable
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DemoNodeReport> _result = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );
    private readonly List<string> _errors = [];
    private TaskCompletionSource<DeliveryWindow> _window = new();
    private long _sent;
    private long _delivered;

    private DemoChild(uint node, Process process)
    {
        Node = node;
        _process = process;
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exited = _process.WaitForExitAsync(); // it also waits for the rest of the output
    }

    /// <summary>The child's node id.</summary>
    public uint Node { get; }

    /// <summary>It is connected to the other one.</summary>
    public Task Connected => _connected.Task;

    /// <summary>Its calls are over and their echoes are here, or overdue.</summary>
    public Task Done => _done.Task;

    /// <summary>Its counts, at its end.</summary>
    public Task<DemoNodeReport> Result => _result.Task;

    /// <summary>It has ended.</summary>
    public Task Exited { get; }

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Messages sent so far.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Echoes so far.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>The last line of its error output; empty when there was none.</summary>
    public string LastError
    {
        get
        {
            lock (_errors)
                return _errors.Count == 0 ? "" : _errors[^1];
        }
    }

    /// <summary>Starts a child.</summary>
    public static DemoChild Start(uint node, IEnumerable<string> arguments)
    {
        Process process =
            Process.Start(OwnProgram.Command(arguments))
            ?? throw new DemoFailure("the node process could not be started");
        return new DemoChild(node, process);
    }

    /// <summary>Asks it to end in order.</summary>
    public void Stop() => Tell("stop");

    /// <summary>What it saw of the delivery since it was asked last.</summary>
    public Task<DeliveryWindow> TakeWindow()
    {
        _window = new TaskCompletionSource<DeliveryWindow>(TaskCreationOptions.RunContinuationsAsynchronously);
        Tell("window");
        return _window.Task;
    }

    /// <summary>Gives it a command.</summary>
    public void Tell(string command)
    {
        try
        {
            _process.StandardInput.WriteLine(command);
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It is gone already, which the wait for its end reports.
        }
    }

    /// <summary>Ends it if it still runs.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            // The end of its input ends it and lets the runtime remove its own temporary files; kill is for what hangs.
            _process.StandardInput.Close();
            if (!_process.WaitForExit(s_timeout))
                _process.Kill();
            _process.WaitForExit(); // its directory is removed next
        }

        _process.Dispose();
    }

    private void Read(string? line)
    {
        string[] words = line?.Split(' ', 2) ?? [];
        switch (words)
        {
            case ["connected"]:
                _connected.TrySetResult();
                break;
            case ["done"]:
                _done.TrySetResult();
                break;
            case ["progress", var counts]:
                string[] pair = counts.Split(' ');
                Volatile.Write(ref _sent, long.Parse(pair[0], CultureInfo.InvariantCulture));
                Volatile.Write(ref _delivered, long.Parse(pair[1], CultureInfo.InvariantCulture));
                break;
            case ["window", var json]:
                _window.TrySetResult(JsonSerializer.Deserialize(json, DemoJson.Default.DeliveryWindow)!);
                break;
            case ["result", var json]:
                _result.TrySetResult(JsonSerializer.Deserialize(json, DemoJson.Default.DemoNodeReport)!);
                break;
        }
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_errors)
            _errors.Add(line);
    }
}
