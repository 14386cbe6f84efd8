using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using Tarantool.Client.Diagnostics;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Connection;

/// <summary>
/// One connection from greeting to close. Requests are sent through <see cref="OutputQueue"/>; one loop reads responses
/// and completes the requests in <see cref="RequestTable"/>. Any failure closes the connection and fails each request
/// in flight once. Thread-safe.
/// </summary>
internal sealed class TarantoolConnection : IAsyncDisposable
{
    /// <summary>From this many requests in flight on, batching on a pool thread beats writing at once.</summary>
    private const int WriteHereBelow = 4;

    private const int ReadBufferSize = 64 * 1024;

    private readonly ClientContext _context;
    private readonly Stream _stream;
    private readonly PipeReader _input;
    private readonly FrameReader _frames;
    private readonly RequestTable _requests;
    private readonly OutputQueue _output;
    private readonly IEventSink _events;
    private readonly TaskCompletionSource<Exception?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopAnnounced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _reading = Task.CompletedTask;
    private Exception? _closeReason;

    /// <summary>Set after the handshake. Earlier failures are reported by the connection attempt.</summary>
    private volatile bool _isOpen;
    private int _isClosed;

    /// <summary>What the values of one response may take, in addition to its bytes.</summary>
    private long MaxMemory => _context.Options.MaxResponseSize;

    private TarantoolConnection(ClientContext context, EndPoint endPoint, Stream stream, IEventSink events)
    {
        _context = context;
        Address = ClientContext.AddressOf(endPoint);
        Server = new TarantoolServerInfo("", Guid.Empty, 0, new HashSet<int>(), endPoint);
        _stream = stream;
        _events = events;
        _input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReadBufferSize, leaveOpen: true));
        _frames = new FrameReader(context.Options.MaxResponseSize);
        _requests = new RequestTable(context.Time, context.Metrics);
        _output = new OutputQueue(stream, context.Options.MaxUnsentBytes, context.Metrics, Fail);
        Schema = new SchemaCache(this, context);
    }

    /// <summary>The server's description of itself, from greeting and ID response.</summary>
    public TarantoolServerInfo Server { get; private set; }

    /// <summary>The server's address for logs and messages.</summary>
    public string Address { get; }

    /// <summary>The ids of names that were looked up on this connection.</summary>
    public SchemaCache Schema { get; }

    /// <summary>Whether the connection is closed.</summary>
    public bool IsClosed => Volatile.Read(ref _isClosed) != 0;

    /// <summary>
    /// Completes when the connection is closed: with the failure, or with null if the client closed it.
    /// </summary>
    public Task<Exception?> Closed => _closed.Task;

    /// <summary>Whether the server has announced its stop: no new requests are accepted.</summary>
    public bool IsShuttingDown => _stopAnnounced.Task.IsCompleted;

    /// <summary>Completes when the server has announced its stop.</summary>
    public Task StopAnnounced => _stopAnnounced.Task;

    /// <summary>The server stops: requests in flight go on, new ones fail without being sent.</summary>
    public void BeginShutdown()
    {
        // In this order, so that a request which is refused finds the reason.
        _stopAnnounced.TrySetResult();
        _requests.Drain();
    }

    /// <summary>Closes the connection when no request is in flight any more; completes when it is disposed.</summary>
    public async Task DrainAsync()
    {
        await Task.WhenAny(_requests.Drain(), Closed).ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Takes ownership of a connected stream: reads the greeting, negotiates features and authenticates.
    /// </summary>
    /// <param name="context">Shared by all parts of the client.</param>
    /// <param name="endPoint">The server that the stream leads to.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="events">Receives the events of watched keys.</param>
    /// <param name="onAwait">Called with what the server has to do next, as an infinitive.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="TarantoolException">
    /// The peer is not a Tarantool server, closed the stream, or rejected the user.
    /// </exception>
    public static async ValueTask<TarantoolConnection> OpenAsync(
        ClientContext context,
        EndPoint endPoint,
        Stream stream,
        IEventSink events,
        Action<string> onAwait,
        CancellationToken cancellationToken
    )
    {
        TarantoolConnection connection = new(context, endPoint, stream, events);
        try
        {
            onAwait("send its greeting");
            Greeting greeting = await connection.ReadGreetingAsync(cancellationToken).ConfigureAwait(false);
            connection._reading = Background.Run(connection.ReadAllAsync);
            await connection.HandshakeAsync(greeting, onAwait, cancellationToken).ConfigureAwait(false);
            connection._isOpen = true;
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Sends a request. The result is still encoded and must be disposed. Completes with the response (including error
    /// responses), <see cref="TarantoolConnectionException"/>, <see cref="TimeoutException"/> or cancellation.
    /// </summary>
    /// <param name="body">The request body.</param>
    /// <param name="ids">The resolved space and index.</param>
    /// <param name="deadline">When it times out, in ticks of <see cref="TimeProvider.GetTimestamp"/>.</param>
    /// <param name="push">Receives pushed messages; may be null.</param>
    /// <param name="cancellationToken">Ends the wait; the server is not notified.</param>
    public ValueTask<Response> SendAsync<TBody>(
        in TBody body,
        in TargetIds ids,
        long deadline,
        IProgress<TarantoolValue>? push,
        CancellationToken cancellationToken
    )
        where TBody : struct, IRequestBody
    {
        cancellationToken.ThrowIfCancellationRequested();
        FrameBuffer frame = FrameBuffer.Rent();
        try
        {
            RequestEncoder.Encode(frame, body.Type, body, ids);
            PendingRequest? request = _requests.Add(body.Type, deadline, push, out int inFlight);
            if (request is null)
                return ValueTask.FromException<Response>(LostException(mayHaveExecuted: false));
            ValueTask<Response> task = request.Task;
            RequestEncoder.SetSync(frame, request.Sync);
            try
            {
                request.OutputPosition = _output.Append(frame.Span, writeHere: inFlight < WriteHereBelow);
            }
            catch (Exception exception)
            {
                // The output buffer cannot grow further.
                if (_requests.TryTake(request))
                    request.Fail(exception);
                return task;
            }

            request.EndOn(cancellationToken);
            return task;
        }
        finally
        {
            FrameBuffer.Return(frame);
        }
    }

    /// <summary>Sends a request that has no response.</summary>
    public void SendOneWay<TBody>(in TBody body)
        where TBody : struct, IRequestBody
    {
        FrameBuffer frame = FrameBuffer.Rent();
        try
        {
            RequestEncoder.Encode(frame, body.Type, body, default);
            RequestEncoder.SetSync(frame, _requests.NextSync());
            _output.Append(frame.Span, writeHere: false);
        }
        finally
        {
            FrameBuffer.Return(frame);
        }
    }

    /// <inheritdoc cref="OutputQueue.IsFull"/>
    public bool IsFull => _output.IsFull;

    /// <summary>Waits until <see cref="TarantoolClientOptions.MaxUnsentBytes"/> allows another request.</summary>
    /// <exception cref="TimeoutException">The deadline passed first; nothing was sent.</exception>
    public async Task WaitForRoomAsync(long deadline, CancellationToken cancellationToken)
    {
        try
        {
            while (_output.IsFull)
                await _output
                    .WaitForRoomAsync()
                    .WaitAsync(_context.TimeUntil(deadline), _context.Time, cancellationToken)
                    .ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException(
                $"The request was not sent, because {Address} did not read earlier requests in time: "
                    + $"more than {nameof(TarantoolClientOptions.MaxUnsentBytes)} ({_context.Options.MaxUnsentBytes}) "
                    + "are unsent.",
                exception
            );
        }
    }

    /// <summary>Closes the connection because of a failure; requests in flight fail with it as the cause.</summary>
    public void Fail(Exception reason) => Close(reason);

    /// <summary>Closes the connection on behalf of its owner; requests in flight fail.</summary>
    public void Close() => Close(null);

    /// <summary>Closes the connection and waits until its read loop and its writes have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        await _reading.ConfigureAwait(false);
        await _output.DisposeAsync().ConfigureAwait(false);
        await _input.CompleteAsync().ConfigureAwait(false);
        _frames.Dispose();
        _requests.Dispose();
    }

    private void Close(Exception? reason)
    {
        if (Interlocked.CompareExchange(ref _closeReason, reason ?? ClosedOnPurpose.Instance, null) is not null)
            return;
        Volatile.Write(ref _isClosed, 1);
        long handedOver = _output.Close();
        _stream.Dispose();
        PendingRequest[] left = _requests.Close();
        if (reason is not null && _isOpen)
            _context.Reports.Lost(Address, left.Length, reason);
        foreach (PendingRequest request in left)
            request.Fail(LostException(mayHaveExecuted: request.OutputPosition < handedOver));
        _closed.TrySetResult(reason);
    }

    /// <summary>A new exception per request: one instance must not be thrown on several threads.</summary>
    private TarantoolConnectionException LostException(bool mayHaveExecuted) =>
        Volatile.Read(ref _closeReason) switch
        {
            TarantoolProtocolException exception => new TarantoolProtocolException(
                exception.Message,
                exception,
                mayHaveExecuted
            ),
            null or ClosedOnPurpose => new TarantoolConnectionException(
                "The connection was closed by its owner before the request ended.",
                null,
                mayHaveExecuted
            ),
            TarantoolConnectionException exception => new TarantoolConnectionException(
                exception.Message,
                exception,
                mayHaveExecuted
            ),
            { } exception => new TarantoolConnectionException(
                $"The connection to {Address} was lost: {exception.Message}",
                exception,
                mayHaveExecuted
            ),
        };

    private async ValueTask<Greeting> ReadGreetingAsync(CancellationToken cancellationToken)
    {
        ReadResult result = await _input.ReadAtLeastAsync(Greeting.Size, cancellationToken).ConfigureAwait(false);
        if (result.Buffer.Length < Greeting.Size)
            throw new TarantoolConnectionException(
                $"{Address} closed the connection after {result.Buffer.Length} of {Greeting.Size} bytes "
                    + "of its greeting."
            );
        ReadOnlySequence<byte> bytes = result.Buffer.Slice(0, Greeting.Size);
        Greeting greeting = Greeting.Parse(bytes.ToArray());
        _input.AdvanceTo(bytes.End);
        return greeting;
    }

    private async ValueTask HandshakeAsync(
        Greeting greeting,
        Action<string> onAwait,
        CancellationToken cancellationToken
    )
    {
        onAwait("answer the ID request after its greeting");
        Server = Server with { Version = greeting.Version, InstanceId = greeting.InstanceId };
        try
        {
            (int version, IReadOnlySet<int> features) = await RequestAsync<IdBody, IdDecoder, (int, IReadOnlySet<int>)>(
                    default,
                    default,
                    default,
                    long.MaxValue,
                    null,
                    cancellationToken
                )
                .ConfigureAwait(false);
            Server = Server with { ProtocolVersion = version, Features = features };
        }
        catch (TarantoolServerException exception) when (exception.Code == TarantoolErrorCodes.UnknownRequestType)
        {
            // Servers before 2.10 do not know ID and support none of the features.
        }

        if (_context.Options.UserName is { } user)
        {
            onAwait("answer the authentication request");
            AuthBody body = new(user, ChapSha1.Scramble(greeting.Salt, _context.Options.Password ?? ""));
            await RequestAsync<AuthBody, NothingDecoder, bool>(
                    body,
                    default,
                    default,
                    long.MaxValue,
                    null,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
    }

    /// <summary>Sends a request and decodes its response on the awaiting thread.</summary>
    /// <exception cref="TarantoolServerException">The server responded with an error.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TResult> RequestAsync<TBody, TDecoder, TResult>(
        TBody body,
        TargetIds ids,
        TDecoder decoder,
        long deadline,
        IProgress<TarantoolValue>? push,
        CancellationToken cancellationToken
    )
        where TBody : struct, IRequestBody
        where TDecoder : struct, IResponseDecoder<TResult>
    {
        using Response response = await SendAsync(body, ids, deadline, push, cancellationToken).ConfigureAwait(false);
        try
        {
            if (response.IsError)
                throw BodyReader.Decode<ErrorDecoder, TarantoolServerException>(
                    response.Body,
                    new ErrorDecoder(response.Header.Type),
                    MaxMemory
                );
            return BodyReader.Decode<TDecoder, TResult>(response.Body, decoder, MaxMemory);
        }
        catch (TarantoolProtocolException exception)
        {
            Fail(exception);
            throw new TarantoolProtocolException(exception.Message, exception, mayHaveExecuted: true);
        }
    }

    private async Task ReadAllAsync()
    {
        Exception reason;
        try
        {
            while (true)
            {
                ReadResult result = await _input.ReadAsync().ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = result.Buffer;
                _context.Metrics.Received(buffer.Length);
                while (_frames.TryRead(ref buffer, out Frame frame))
                    Dispatch(frame);
                _input.AdvanceTo(buffer.End);
                if (result.IsCompleted)
                    throw new TarantoolConnectionException(
                        _frames.IsMidFrame
                            ? $"{Address} closed the connection in the middle of a frame."
                            : $"{Address} closed the connection."
                    );
            }
        }
        catch (Exception exception)
        {
            reason = exception;
        }

        Fail(reason);
    }

    /// <summary>Dispatches one frame by its type. Returns the frame's buffer unless a request took ownership.</summary>
    private void Dispatch(Frame frame)
    {
        bool isTaken = false;
        try
        {
            FrameHeader header = frame.ReadHeader();
            if (header.SchemaVersion != 0)
                Schema.Observe(header.SchemaVersion);
            switch (header.Type)
            {
                case ResponseType.Event:
                    DispatchEvent(frame, header);
                    break;
                case ResponseType.Chunk:
                    DispatchPush(frame, header);
                    break;
                case ResponseType.Ok:
                case >= ResponseType.ErrorFlag and < 2 * ResponseType.ErrorFlag:
                    isTaken = DispatchAnswer(frame, header);
                    break;
                default:
                    throw new TarantoolProtocolException($"A frame has unknown type {header.Type}.");
            }
        }
        finally
        {
            if (!isTaken)
                frame.Return();
        }
    }

    private bool DispatchAnswer(Frame frame, FrameHeader header)
    {
        Response response = new(frame, header);
        if (header.Sync == 0 && response.IsError)
            throw new TarantoolConnectionException(
                "The server could not read a request and closed the connection.",
                BodyReader.Decode<ErrorDecoder, TarantoolServerException>(
                    response.Body,
                    new ErrorDecoder(header.Type),
                    MaxMemory
                )
            );
        if (_requests.TryTake(header.Sync) is { } request)
        {
            request.Complete(response);
            return true;
        }

        _context.Metrics.LateAnswer();
        Log.LateAnswer(_context.Logger, header.Sync);
        return false;
    }

    private void DispatchPush(Frame frame, FrameHeader header)
    {
        IProgress<TarantoolValue>? push = _requests.FindPush(header.Sync);
        if (push is null)
            return;
        TarantoolTuple values;
        try
        {
            values = BodyReader.Decode<ValuesDecoder<TarantoolTuple>, TarantoolTuple>(
                new Response(frame, header).Body,
                default,
                MaxMemory
            );
        }
        catch (TarantoolDataException exception)
        {
            if (_context.UnreadableMessages.MayReport(out long more))
                Log.UnreadableMessage(_context.Logger, more, exception);
            return;
        }

        try
        {
            foreach (TarantoolValue value in values)
                push.Report(value);
        }
        catch (Exception exception)
        {
            if (_context.FailedPushHandlers.MayReport(out long more))
                Log.PushHandlerFailed(_context.Logger, more, exception);
        }
    }

    private void DispatchEvent(Frame frame, FrameHeader header)
    {
        ReadOnlyMemory<byte> body = new Response(frame, header).Body;
        string key;
        TarantoolValue value;
        try
        {
            (key, value) = BodyReader.Decode<EventDecoder, (string, TarantoolValue)>(body, default, MaxMemory);
        }
        catch (TarantoolDataException exception)
        {
            // Must not close the connection: the same event would arrive again on every new one. The server sends the
            // next event of the key only when this one is acknowledged.
            key = BodyReader.Decode<EventKeyDecoder, string>(body, default, MaxMemory);
            if (_events.OnUnreadableEvent(this, key) && _context.UnreadableEvents.MayReport(out long more))
                Log.UnreadableEvent(_context.Logger, key, more, exception);
            return;
        }

        _events.OnEvent(this, key, value);
    }

    /// <summary>Marks a connection that was closed by its owner.</summary>
    private sealed class ClosedOnPurpose : Exception
    {
        public static ClosedOnPurpose Instance { get; } = new();
    }
}
