using System.Buffers.Text;
using System.Text;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>Communication with the parent process over standard input and output.</summary>
internal sealed class ParentPipe : IDisposable
{
    private readonly Stream _input = Console.OpenStandardInput();
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Lock _writing = new();
    private long _excluded;

    public void Say(string line) => Write(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>Excludes bytes that the tool allocated for its own reports from the result.</summary>
    public void Exclude(long allocated) => Interlocked.Add(ref _excluded, allocated);

    /// <summary>Waits for the parent's byte.</summary>
    public void WaitForGo()
    {
        if (_input.ReadByte() < 0)
            Environment.Exit(ExitCode.Failure);
    }

    /// <summary>
    /// Starts a thread that replies to each input byte with "mark MESSAGES ALLOCATED", without allocating, and exits
    /// the process at the end of input.
    /// </summary>
    public void Follow(Func<long> messages)
    {
        using ManualResetEventSlim follows = new();
        Thread thread = new(() => Answer(messages, follows)) { IsBackground = true, Name = "parent" };
        thread.Start();
        follows.Wait(); // starting the thread allocates; must be done before anything is measured
    }

    public void Dispose()
    {
        _input.Dispose();
        _output.Dispose();
    }

    private void Answer(Func<long> messages, ManualResetEventSlim follows)
    {
        Scheduling.Unpin();
        follows.Set();
        Span<byte> one = stackalloc byte[1];
        Span<byte> line = stackalloc byte[64];
        while (_input.Read(one) > 0)
        {
            "mark "u8.CopyTo(line);
            int length = 5;
            Utf8Formatter.TryFormat(messages(), line[length..], out int written);
            length += written;
            line[length++] = (byte)' ';
            Utf8Formatter.TryFormat(
                GC.GetTotalAllocatedBytes(precise: true) - Interlocked.Read(ref _excluded),
                line[length..],
                out written
            );
            length += written;
            line[length++] = (byte)'\n';
            Write(line[..length]);
        }

        Environment.Exit(0);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_writing)
        {
            try
            {
                _output.Write(bytes);
                _output.Flush();
            }
            catch (IOException)
            {
                Environment.Exit(ExitCode.Failure); // the parent has exited
            }
        }
    }
}
