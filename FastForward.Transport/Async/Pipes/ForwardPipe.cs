using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using FastForward.Transport.Actors;
using FastForward.Transport.Async.Pipes;

namespace FastForward.Transport;

/// <summary>
/// A two-way stream of bytes with another node, over two reliable streams. <see cref="ForwardClient.ConnectPipeAsync"/>
/// makes one, a <see cref="ForwardPipeListener"/> accepts it.
/// </summary>
/// <remarks>
/// <para><b>Writing.</b> A flush ends when the node has accepted the bytes: it keeps them until the other node has them,
/// or the pipe breaks. While the other side does not read, flushes wait. Completing the output ends this direction, after
/// everything that was written; the other one goes on. Completing it with an exception resets it: what is under way may be
/// lost, the other side's reader throws.</para>
/// <para><b>Reading.</b> At most 256 KiB wait here; bytes that the reader has <i>examined</i> count as read, as in
/// <see cref="Pipe"/>, since else a reader that waits for more would wait forever. Completing the input early tells the
/// other side with its next write, whose flush answers <see cref="FlushResult.IsCompleted"/>.</para>
/// <para><b>When it breaks</b> (peer lost, restarted, reset, node stopped) reader and writer throw a
/// <see cref="ForwardPipeException"/> that says why; bytes that came before are read first.</para>
/// <para>Input and output may be used on different threads, each by one at a time. Code that waits on either never runs
/// on the loop thread.</para>
/// </remarks>
public sealed class ForwardPipe : IDuplexPipe, IAsyncDisposable
{
    private static readonly PipeOptions s_options = new(
        readerScheduler: PipeScheduler.ThreadPool,
        writerScheduler: PipeScheduler.ThreadPool,
        pauseWriterThreshold: 0,
        useSynchronizationContext: false
    );

    private readonly ForwardClient _client;
    private readonly Pipe _received = new(s_options); // it does not pause its writer: what it holds is bounded by credit
    private readonly ForwardPipeReader _reader;
    private readonly ForwardPipeWriter _writer;
    private readonly TaskCompletionSource _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action _release;
    private MessageCredit _credit;
    private long _held;
    private long _read;
    private int _releaseScheduled;
    private volatile ForwardPipeException? _fault;
    private volatile ForwardPipeException? _inputFault;
    private bool _isInputOver;
    private bool _isOutputOver;

    internal ForwardPipe(ForwardClient client, uint node, ulong incoming)
    {
        _client = client;
        Node = node;
        Incoming = incoming;
        Outgoing = Opposite(incoming);
        _release = Release;
        _reader = new ForwardPipeReader(this, _received.Reader);
        _writer = new ForwardPipeWriter(this, client);
        if (IsAccepting)
            _accepted.SetResult();
    }

    /// <summary>The other node.</summary>
    public uint Node { get; }

    /// <summary>The service that was connected to.</summary>
    public ushort Service => (ushort)(ActorStream.ServiceOf(Outgoing) & ~ActorStream.AnswerBit);

    /// <summary>What comes from the other side.</summary>
    public PipeReader Input => _reader;

    /// <summary>What goes to the other side.</summary>
    public PipeWriter Output => _writer;

    /// <summary>The id of the stream that comes in.</summary>
    internal ulong Incoming { get; }

    /// <summary>This side accepted it.</summary>
    internal bool IsAccepting => ActorStream.ServiceOf(Incoming) < ActorStream.AnswerBit;

    /// <summary>The id of the stream that goes out.</summary>
    internal ulong Outgoing { get; }

    /// <summary>Ends when the other side has accepted.</summary>
    internal Task Accepted => _accepted.Task;

    /// <summary>Why it broke; null while it has not.</summary>
    internal ForwardPipeException? Fault => _fault;

    /// <summary>Why nothing more comes in; null while more may come, or after the end that the other side meant.</summary>
    internal ForwardPipeException? InputFault => _inputFault;

    /// <summary>Bytes that are here and not read.</summary>
    internal long Held => Volatile.Read(ref _held);

    /// <summary>
    /// Completes both directions: the output after everything written to it was accepted, as by
    /// <see cref="PipeWriter.CompleteAsync"/>. To give up at once, complete the output with an exception before.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _reader.CompleteAsync().ConfigureAwait(false);
        await _writer.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>The stream of the other direction.</summary>
    internal static ulong Opposite(ulong stream) => stream ^ ((ulong)ActorStream.AnswerBit << 48);

    /// <summary>A message of the incoming stream, on the loop thread.</summary>
    internal void OnMessage(ForwardNode node, in ReceivedMessage message)
    {
        if (!_accepted.Task.IsCompleted)
        {
            Answered(node, message);
            return;
        }

        if (message.Payload.IsEmpty || _isInputOver)
            return;
        _credit = message.Credit;
        _held += message.Payload.Length;
        node.HoldCredit(message.Credit, message.Payload.Length);
        _received.Writer.Write(message.Payload);
        // It does not wait, since the pipe does not pause; completed means that the reader wants no more.
        ValueTask<FlushResult> flush = _received.Writer.FlushAsync();
        if (flush.IsCompletedSuccessfully && flush.Result.IsCompleted)
            ReleaseAll(node);
    }

    /// <summary>The incoming stream is over, on the loop thread.</summary>
    internal void OnStreamEnd(in StreamEnd end)
    {
        ForwardPipeException? fault = end.Reason switch
        {
            StreamEndReason.Ended => null,
            StreamEndReason.Reset => new ForwardPipeException(
                PipeFailure.Reset,
                end.Code,
                $"Node {Node} gave its direction of the pipe up, with code {end.Code}."
            ),
            StreamEndReason.PeerLost => Lost(),
            _ => new ForwardPipeException(
                PipeFailure.Reset,
                0,
                $"The stream of node {Node} had to make room for others."
            ),
        };
        if (end.Reason == StreamEndReason.PeerLost)
        {
            Fail(fault!);
            return;
        }

        if (!_accepted.Task.IsCompleted)
            Fail(
                fault
                    ?? new ForwardPipeException(
                        PipeFailure.Protocol,
                        0,
                        $"Node {Node} ended the pipe instead of accepting it."
                    )
            );
        else
            EndInput(fault);
    }

    /// <summary>What was sent did not arrive, on the loop thread.</summary>
    internal void OnUndelivered(in Undelivered report)
    {
        // By a refusal: the other side's reader wants no more. The writer hears it with its next flush.
        if (report.Reason == UndeliveredReason.StreamReset && _accepted.Task.IsCompleted)
            return;
        Fail(
            report.Reason switch
            {
                UndeliveredReason.PeerRestarted => new ForwardPipeException(
                    PipeFailure.PeerRestarted,
                    0,
                    $"Node {Node} is a new process, which knows nothing of the pipe."
                ),
                UndeliveredReason.PeerLost => Lost(),
                UndeliveredReason.Stopped => Stopped(),
                UndeliveredReason.StreamReset => new ForwardPipeException(
                    PipeFailure.Rejected,
                    0,
                    $"Node {Node} refused the pipe."
                ),
                _ => new ForwardPipeException(
                    PipeFailure.NotSent,
                    0,
                    $"The path to node {Node} does not carry reliable streams."
                ),
            }
        );
    }

    /// <summary>Both directions break, on the loop thread.</summary>
    internal void Fail(ForwardPipeException fault)
    {
        if (_fault is not null)
            return;
        _fault = fault;
        _accepted.TrySetException(fault.Again());
        _ = _accepted.Task.Exception; // seen: who connects looks at it, and nobody else has to
        if (fault.Failure is not (PipeFailure.PeerLost or PipeFailure.PeerRestarted or PipeFailure.Stopped))
        {
            _client.Node.ResetStream(Node, Outgoing, ForwardPipeException.Aborted);
            if (!_isInputOver)
                _client.Node.RefuseStream(Node, Incoming);
        }

        _isOutputOver = true;
        EndInput(fault.Again());
        _client.FailSends(Node, Outgoing);
        _client.Forget(this);
    }

    /// <summary>The writer is done: no more comes from it.</summary>
    internal void OutputOver()
    {
        _isOutputOver = true;
        ForgetIfOver();
    }

    /// <summary>What it means for the pipe that the node did not take a message.</summary>
    internal ForwardPipeException Refusal(SendStatus status) =>
        status == SendStatus.Stopping
            ? Stopped()
            : new ForwardPipeException(
                PipeFailure.NotSent,
                0,
                $"The node did not take a message to node {Node}: {status}."
            );

    /// <summary>The reader wants no more. Any thread may call it.</summary>
    internal void InputCompleted() =>
        _client.Post(() =>
        {
            if (!_isInputOver)
            {
                _client.Node.RefuseStream(Node, Incoming);
                _isInputOver = true;
                _received.Writer.Complete();
            }

            ReleaseAll(_client.Node);
            ForgetIfOver();
        });

    /// <summary>The reader is done with some bytes. Any thread may call it.</summary>
    internal void Read(long bytes)
    {
        Interlocked.Add(ref _read, bytes);
        if (Interlocked.Exchange(ref _releaseScheduled, 1) == 0)
            _client.Post(_release);
    }

    internal ForwardPipeException Lost() => new(PipeFailure.PeerLost, 0, $"The connection to node {Node} is lost.");

    internal static ForwardPipeException Stopped() => new(PipeFailure.Stopped, 0, "This node stopped.");

    private void Answered(ForwardNode node, in ReceivedMessage message)
    {
        if (message.Payload.IsEmpty && message.Sequence == 0)
        {
            Bind(node, message);
            _accepted.TrySetResult();
            return;
        }

        uint code =
            message.Payload.Length == sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(message.Payload) : 0;
        Fail(
            message is { IsLast: true, Payload.Length: sizeof(uint) }
                ? new ForwardPipeException(
                    PipeFailure.Rejected,
                    code,
                    code switch
                    {
                        ForwardPipeException.NoListener =>
                            $"Nobody listens for pipes on service 0x{Service:x4} of node {Node}.",
                        ForwardPipeException.BacklogFull =>
                            $"Too many pipes wait to be accepted on service 0x{Service:x4} of node {Node}.",
                        _ => $"Node {Node} rejected the pipe with code {code}.",
                    }
                )
                : new ForwardPipeException(
                    PipeFailure.Protocol,
                    0,
                    $"What node {Node} answers on service 0x{Service:x4} is no pipe."
                )
        );
    }

    /// <summary>
    /// The first message came: it tells which association the pipe is of. It holds nothing, but tells the session that later
    /// ones will, so that it does not open the window wide.
    /// </summary>
    internal void Bind(ForwardNode node, in ReceivedMessage message)
    {
        _credit = message.Credit;
        node.HoldCredit(_credit, 0);
    }

    /// <summary>Nothing may be sent any more, on the loop thread: it would begin a stream in the next association.</summary>
    internal bool IsOver(ForwardNode node) => _fault is not null || !node.IsOfLivingAssociation(_credit);

    private void EndInput(ForwardPipeException? fault)
    {
        if (!_isInputOver)
        {
            _isInputOver = true;
            _inputFault = fault; // told by the reader: the pipe itself would throw before it hands out what it has
            _received.Writer.Complete();
        }

        ForgetIfOver();
    }

    private void Release()
    {
        Interlocked.Exchange(ref _releaseScheduled, 0);
        long bytes = Math.Min(Interlocked.Exchange(ref _read, 0), _held);
        if (bytes == 0)
            return;
        _held -= bytes;
        _client.Node.ReleaseCredit(_credit, (int)bytes);
    }

    private void ReleaseAll(ForwardNode node)
    {
        if (_held == 0)
            return;
        int bytes = (int)_held;
        _held = 0;
        node.ReleaseCredit(_credit, bytes);
    }

    private void ForgetIfOver()
    {
        if (_isInputOver && _isOutputOver)
            _client.Forget(this);
    }
}
