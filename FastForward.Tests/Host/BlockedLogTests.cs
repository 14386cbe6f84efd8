using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using FastForward.Host.Running;
using FastForward.Tests.Host.Processes;
using Microsoft.Extensions.Logging;

namespace FastForward.Tests.Host;

/// <summary>A standard error stream that takes nothing: logging must not delay the node.</summary>
[Category("Process")]
[Parallelizable]
public sealed partial class BlockedLogTests
{
    private const int Bridges = 60;
    private const int O_RDWR = 2;
    private const int F_SETPIPE_SZ = 1031;

    private TwoInstances _instances = null!;

    [SetUp]
    public void SetUp() => _instances = new TwoInstances("SOCKET");

    [TearDown]
    public void TearDown() => _instances.Dispose();

    // A bridge logs twenty new clients a second: with sixty bridges, a queue of any length that makes loggers wait is
    // full after some seconds, and then the loop hangs.
    [Test]
    public void A_host_whose_log_is_read_by_nothing_answers_and_stops()
    {
        int reader = CreateUnreadPipe(out string pipe);
        string file = WriteFile();
        using RunningProgram node = RunningProgram.Start(
            "bash",
            "-c",
            $"exec '{RunningProgram.HostPath}' run --instance '{file}' 2>'{pipe}'"
        );
        string control = _instances.ControlSocket(TwoInstances.Near);
        Eventually.True(() => Health(control) == 0, () => "the start");
        // Between two rounds the limit of the log begins anew: a request takes most of a second.
        for (int round = 0; round < 10; round++)
        {
            SendFromNewClients();
            Assert.That(Health(control), Is.Zero);
        }

        node.Signal(RunningProgram.SIGTERM);
        Assert.That(node.WaitForExit(), Is.Zero, node.Everything);
        Assert.That(Directory.GetFiles(_instances.DirectoryName, "FastForward.*"), Is.Empty, "it stopped in order");
        _ = Close(reader);
    }

    // More text than the pipe takes; with the limit of open files below the least one, a line that finds it full.
    [TestCase("", "run --instance wrong.conf", 78)]
    [TestCase("ulimit -n 100; head -c 4096 /dev/zero >&2;", "run --instance wrong.conf", 69)]
    public void A_start_that_fails_ends_although_nothing_reads_why(string before, string arguments, int code)
    {
        int reader = CreateUnreadPipe(out string pipe);
        File.WriteAllText(
            Path.Combine(_instances.DirectoryName, "wrong.conf"),
            string.Concat(Enumerable.Range(1, 200).Select(static number => $"wrong{number} = 1\n"))
        );
        using RunningProgram host = RunningProgram.StartIn(
            _instances.DirectoryName,
            "bash",
            "-c",
            $"exec 2>'{pipe}'; {before} exec '{RunningProgram.HostPath}' {arguments}"
        );
        Assert.That(host.WaitForExit(), Is.EqualTo(code));
        _ = Close(reader);
    }

    [Test]
    public void Dropped_entries_are_counted_in_the_log()
    {
        using BlockedStream output = new();
        HostLog log = new(output, hasColors: false);
        ILogger logger = log.CreateLogger("test");
        for (int i = 0; i < 5000; i++)
            logger.Log(LogLevel.Information, 0, i, null, static (number, _) => $"entry {number}");
        output.Open.Set();
        Eventually.True(() => output.Text.Contains("entry 2000"), () => output.Text);
        logger.Log(LogLevel.Information, 0, "the last", null, static (text, _) => text);
        log.Dispose();
        int count = output
            .Text.Split('\n')
            .Where(static line => line.Contains("entries were dropped"))
            .Sum(static line => int.Parse(line.Split("] ")[1].Split(' ')[0], CultureInfo.InvariantCulture));
        int written = output.Text.Split('\n').Count(static line => line.Contains(": test[0] entry "));
        Assert.That(count + written, Is.EqualTo(5000));
        Assert.That(output.Text, Does.EndWith("the last\n"));
    }

    // One that holds a page.
    private int CreateUnreadPipe(out string pipe)
    {
        pipe = Path.Combine(_instances.DirectoryName, "pipe");
        Assert.That(MakePipe(pipe, 0x180), Is.Zero);
        int reader = Open(pipe, O_RDWR); // holds the pipe open, and reads nothing
        Assert.That(SetPipeSize(reader, F_SETPIPE_SZ, 4096), Is.Positive);
        return reader;
    }

    private string WriteFile() =>
        _instances.Write(
            TwoInstances.Near,
            "log-level=debug\n"
                + string.Concat(
                    Enumerable
                        .Range(1, Bridges)
                        .Select(number =>
                            $"[bridge b{number}]\nlisten=127.0.0.{number}:{_instances.BridgePort}\n"
                            + $"node={TwoInstances.Near}\nservice={number}\n"
                        )
                )
        );

    // Twenty new clients of each bridge.
    private void SendFromNewClients()
    {
        for (int client = 0; client < 20; client++)
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            for (int bridge = 1; bridge <= Bridges; bridge++)
                socket.SendTo("x"u8, new IPEndPoint(new IPAddress([127, 0, 0, (byte)bridge]), _instances.BridgePort));
        }
    }

    private static int Health(string control)
    {
        using RunningProgram health = RunningProgram.StartHost("health", "--socket", control);
        return health.WaitForExit();
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int SetPipeSize(int descriptor, int command, int size);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    private sealed class BlockedStream : MemoryStream
    {
        private readonly Lock _lock = new();

        public ManualResetEventSlim Open { get; } = new();

        public string Text
        {
            get
            {
                lock (_lock)
                    return System.Text.Encoding.UTF8.GetString(ToArray());
            }
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            Open.Wait();
            lock (_lock)
                base.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Open.Wait();
            lock (_lock)
                base.Write(buffer);
        }
    }
}
