using System.Net;
using FastForward.Benchmarks.CrossProcess;

namespace FastForward.Benchmarks.Bottleneck;

/// <summary>A thread at one end of the path. What it fails with is thrown where it is waited for.</summary>
internal sealed class EndThread : IDisposable
{
    private readonly Thread _thread;
    private volatile bool _isOver;
    private Exception? _failure;

    /// <param name="end">The end.</param>
    /// <param name="body">What it does until it is over; it is asked again and again.</param>
    /// <param name="name">The name of the thread.</param>
    public EndThread(IPAddress end, Action<Func<bool>> body, string name)
    {
        _thread = new Thread(() => Run(end, body)) { IsBackground = true, Name = name };
        _thread.Start();
    }

    public void ThrowOnFailure()
    {
        if (_failure is { } failure)
            throw new BenchmarkFailure($"{_thread.Name}: {failure.Message}");
    }

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
    }

    private void Run(IPAddress end, Action<Func<bool>> body)
    {
        try
        {
            CrossProcess.Processes.Scheduling.SetTimerSlack();
            BottleneckPath.Enter(end);
            body(() => _isOver);
        }
        catch (Exception exception)
        {
            _failure = exception;
        }
    }
}
