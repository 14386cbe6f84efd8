using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using FastForward.Transport;
using FastForward.Transport.Loop;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// One MiB through a pipe between two nodes over UNIX sockets, compared with an in-process <see cref="Pipe"/>.
/// </summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001", Justification = "GlobalCleanup disposes of everything.")]
public class PipeSuite
{
    private const int Total = 1 << 20;
    private readonly byte[] _payload = new byte[Total];
    private string _directory = null!;
    private BenchmarkNode _initiator = null!;
    private BenchmarkNode _responder = null!;
    private ForwardClient _initiatorClient = null!;
    private ForwardClient _responderClient = null!;
    private PipeWriter _writer = null!;
    private PipeReader _reader = null!;

    [Params(64, 65_536)]
    public int Write { get; set; }

    [GlobalSetup(Target = nameof(ForwardPipe))]
    public async Task SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("ff-bench-").FullName;
        _initiatorClient = new ForwardClient();
        _responderClient = new ForwardClient();
        using ForwardPipeListener listener = _responderClient.Listen(1);
        (_initiator, _responder) = BenchmarkNode.Pair(
            TransportKind.Socket,
            _directory,
            _initiatorClient,
            _responderClient,
            threads: 2,
            IdleStrategy.Adaptive
        );
        _writer = (await _initiatorClient.ConnectPipeAsync(_responder.Id, 1)).Output;
        _reader = (await listener.AcceptAsync()).Input;
    }

    [GlobalSetup(Target = nameof(InProcessPipe))]
    public void SetUpInProcess()
    {
        Pipe pipe = new();
        _writer = pipe.Writer;
        _reader = pipe.Reader;
    }

    [GlobalCleanup(Target = nameof(ForwardPipe))]
    public async Task CleanUp()
    {
        _initiator.Dispose();
        _responder.Dispose();
        await _initiatorClient.DisposeAsync();
        await _responderClient.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public Task InProcessPipe() => Transfer();

    [Benchmark]
    public Task ForwardPipe() => Transfer();

    // Writes blocks of the given size and flushes every 64 KiB.
    private async Task Transfer()
    {
        Task writing = Task.Run(async () =>
        {
            int sent = 0;
            while (sent < Total)
            {
                for (int batch = 0; batch < 65_536; batch += Write, sent += Write)
                {
                    _payload.AsSpan(sent, Write).CopyTo(_writer.GetSpan(Write));
                    _writer.Advance(Write);
                }

                await _writer.FlushAsync();
            }
        });
        long read = 0;
        while (read < Total)
        {
            ReadResult result = await _reader.ReadAsync();
            read += result.Buffer.Length;
            _reader.AdvanceTo(result.Buffer.End);
        }

        await writing;
    }
}
