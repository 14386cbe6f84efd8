using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using FastForward.Transport.Async;
using FastForward.Transport.Async.Pipes;

namespace FastForward.Transport;

/// <summary>
/// A two-way stream of bytes with another node, over two reliable streams. <see cref="ForwardClient.ConnectPipeAsync"/>
/// makes one, a <see cref="ForwardPipeListener"/> accepts it.
/// </summary>
/// <remarks>
/// <para><b>Writing.</b> A flush completes when the node has accepted the bytes: it keeps them until the other node has
/// them, or the pipe breaks. While the other side does not read, flushes wait. Completing the output ends this
/// direction after everything that was written; the other direction continues. Completing it with an exception resets
/// it: bytes on their way may be lost, and the other side's reader throws.</para>
/// <para><b>Reading.</b> At most 256 KiB are buffered. Bytes that the reader has <i>examined</i> count as read, as in
/// <see cref="Pipe"/>; otherwise a reader that needs more would wait forever. After the input was completed early, the
/// other side's next flush returns <see cref="FlushResult.IsCompleted"/>.</para>
/// <para><b>When it breaks</b> (peer lost, restarted, reset, node stopped) reader and writer throw a
/// <see cref="ForwardPipeException"/> with the reason; bytes that came before are read first.</para>
/// <para>Input and output may be used on different threads, each by one at a time. Code that awaits them never
/// continues on the loop thread.</para>
/// </remarks>
public sealed class ForwardPipe : IDuplexPipe, IAsyncDisposable, ISendScope
{
    private static readonly PipeOptions s_options = new(
        readerScheduler: PipeScheduler.ThreadPool,
        writerScheduler: PipeScheduler.ThreadPool,
        pauseWriterThreshold: 0,
        useSynchronizationContext: false
    );

    private readonly ForwardClient _client;
    private readonly Pipe _received = new(s_options); // does not pause its writer: credit bounds what it holds
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
        Outgoing = ServiceId.OppositeStream(incoming);
        _release = Release;
        _reader = new ForwardPipeReader(this, _received.Reader);
        _writer = new ForwardPipeWriter(this, client);
        if (IsAccepting)
            _accepted.SetResult();
    }

    /// <summary>The other node.</summary>
    public uint Node { get; }

    /// <summary>The service that was connected to.</summary>
    public ServiceId Service => ServiceId.OfStream(IsAccepting ? Incoming : Outgoing);

    /// <summary>Reads what the other side writes.</summary>
    public PipeReader Input => _reader;

    /// <summary>Writes to the other side.</summary>
    public PipeWriter Output => _writer;

    /// <summary>The id of the incoming stream.</summary>
    internal ulong Incoming { get; }

    /// <summary>Whether this side accepted it.</summary>
    internal bool IsAccepting => !ServiceId.OfStream(Incoming).IsReply;

    /// <summary>The id of the outgoing stream.</summary>
    internal ulong Outgoing { get; }

    /// <summary>Completes when the other side has accepted.</summary>
    internal Task Accepted => _accepted.Task;

    /// <summary>Why it broke; null while it has not.</summary>
    internal ForwardPipeException? Fault => _fault;

    /// <summary>Why the input broke; null while it has not, and after an orderly end.</summary>
    internal ForwardPipeException? InputFault => _inputFault;

    /// <summary>Bytes that were received and not examined.</summary>
    internal long Held => Volatile.Read(ref _held);

    /// <summary>
    /// Completes both directions: the output after everything written to it was accepted, as by
    /// <see cref="PipeWriter.CompleteAsync"/>. To abort, complete the output with an exception first. Thread-safe.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _reader.CompleteAsync().ConfigureAwait(false);
        await _writer.CompleteAsync().ConfigureAwait(false);
    }

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
        // Synchronous, since the pipe does not pause. Completed means that the reader was completed.
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
                Node,
                PipeFailure.Reset,
                end.Code,
                $"Node {Node} aborted its direction of the pipe with code {end.Code}."
            ),
            StreamEndReason.PeerLost => Lost(),
            _ => new ForwardPipeException(
                Node,
                PipeFailure.Reset,
                0,
                $"The stream of node {Node} was evicted, since there were too many."
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
                        Node,
                        PipeFailure.Protocol,
                        0,
                        $"Node {Node} ended the pipe instead of accepting it."
                    )
            );
        else
            EndInput(fault);
    }

    /// <summary>Sent messages were not delivered, on the loop thread.</summary>
    internal void OnUndelivered(in Undelivered report)
    {
        // A refusal: the other side completed its reader. The next flush completes with IsCompleted.
        if (report.Reason == UndeliveredReason.StreamReset && _accepted.Task.IsCompleted)
            return;
        Fail(
            report.Reason switch
            {
                UndeliveredReason.PeerRestarted => new ForwardPipeException(
                    Node,
                    PipeFailure.PeerRestarted,
                    0,
                    $"Node {Node} is a new process, which does not know the pipe."
                ),
                UndeliveredReason.PeerLost => Lost(),
                UndeliveredReason.Stopped => Stopped(),
                UndeliveredReason.StreamReset => new ForwardPipeException(
                    Node,
                    PipeFailure.Rejected,
                    0,
                    $"Node {Node} refused the pipe."
                ),
                _ => new ForwardPipeException(
                    Node,
                    PipeFailure.NotSent,
                    0,
                    $"No path to node {Node} carries the reliable streams of a pipe; SOCKET and VSOCKET routes do."
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
        _ = _accepted.Task.Exception; // observed: only a connecting caller awaits the task
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

    /// <summary>The writer was completed.</summary>
    internal void OutputOver()
    {
        _isOutputOver = true;
        ForgetIfOver();
    }

    /// <summary>The exception for a message that the node did not accept.</summary>
    internal ForwardPipeException Refusal(SendStatus status) =>
        status == SendStatus.Stopping
            ? Stopped()
            : new ForwardPipeException(
                Node,
                PipeFailure.NotSent,
                0,
                $"This node did not accept a message to node {Node}: {status}."
            );

    /// <summary>The reader was completed. Thread-safe.</summary>
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

    /// <summary>The reader has examined some bytes. Thread-safe.</summary>
    internal void Read(long bytes)
    {
        Interlocked.Add(ref _read, bytes);
        if (Interlocked.Exchange(ref _releaseScheduled, 1) == 0)
            _client.Post(_release);
    }

    internal ForwardPipeException Lost() =>
        new(Node, PipeFailure.PeerLost, 0, $"The connection to node {Node} is lost.");

    internal static ForwardPipeException Stopped() => new(0, PipeFailure.Stopped, 0, "This node stopped.");

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
                    Node,
                    PipeFailure.Rejected,
                    code,
                    code switch
                    {
                        ForwardPipeException.NoListener =>
                            $"There is no listener for pipes on service {Service} of node {Node}.",
                        ForwardPipeException.BacklogFull =>
                            $"Too many pipes wait to be accepted on service {Service} of node {Node}.",
                        _ => $"Node {Node} rejected the pipe with code {code}.",
                    }
                )
                : new ForwardPipeException(
                    Node,
                    PipeFailure.Protocol,
                    0,
                    $"What node {Node} sends on service {Service} is not a pipe."
                )
        );
    }

    /// <summary>
    /// The first message came: it identifies the association of the pipe. It holds no credit, but announces to the
    /// session that later ones will, so that it does not open the window wide.
    /// </summary>
    internal void Bind(ForwardNode node, in ReceivedMessage message)
    {
        _credit = message.Credit;
        node.HoldCredit(_credit, 0);
    }

    /// <summary>Nothing may be sent any more: it would begin a stream in the next association.</summary>
    bool ISendScope.IsOver(ForwardNode node) => _fault is not null || !node.IsOfLivingAssociation(_credit);

    private void EndInput(ForwardPipeException? fault)
    {
        if (!_isInputOver)
        {
            _isInputOver = true;
            _inputFault = fault; // thrown by the reader, after the buffered bytes: the inner pipe would throw first
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
