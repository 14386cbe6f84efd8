using System.Buffers.Text;
using System.Text;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>The standard input and output as the way to the parent process.</summary>
internal sealed class ParentPipe : IDisposable
{
    private readonly Stream _input = Console.OpenStandardInput();
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Lock _writing = new();

    public void Say(string line) => Write(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>Waits for the parent's octet.</summary>
    public void WaitForGo()
    {
        if (_input.ReadByte() < 0) Environment.Exit(ExitCode.Failure);
    }

    /// <summary>
    /// From now on the process ends with its input, and answers each octet on it by "mark MESSAGES ALLOCATED", without
    /// allocating itself.
    /// </summary>
    public void Follow(Func<long> messages) => new Thread(() => Answer(messages)) { IsBackground = true, Name = "parent" }.Start();

    public void Dispose()
    {
        _input.Dispose();
        _output.Dispose();
    }

    private void Answer(Func<long> messages)
    {
        Scheduling.Unpin();
        Span<byte> one = stackalloc byte[1];
        Span<byte> line = stackalloc byte[64];
        while (_input.Read(one) > 0)
        {
            "mark "u8.CopyTo(line);
            int length = 5;
            Utf8Formatter.TryFormat(messages(), line[length..], out int written);
            length += written;
            line[length++] = (byte)' ';
            Utf8Formatter.TryFormat(GC.GetTotalAllocatedBytes(precise: true), line[length..], out written);
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
                Environment.Exit(ExitCode.Failure); // the parent is gone
            }
        }
    }
}
