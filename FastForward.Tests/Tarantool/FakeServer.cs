using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>
/// A scripted server, for behaviour that the real one does not show on demand. Each connection runs the script once;
/// its exceptions are rethrown when the server is disposed, except those caused by the client closing the connection.
/// </summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tarantool-fake-").FullName;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Func<Session, Task> _script;
    private readonly Task _accepting;
    private int _connections;

    /// <param name="script">Runs for each connection.</param>
    /// <param name="address">The address of a TCP server; null for a UNIX socket.</param>
    /// <param name="port">The port of a TCP server; 0 for a free one.</param>
    public FakeServer(Func<Session, Task> script, IPAddress? address = null, int port = 0)
    {
        _script = script;
        EndPoint listen = address is null
            ? new UnixDomainSocketEndPoint(Path.Combine(_directory, "fake.sock"))
            : new IPEndPoint(address, port);
        _listener = new Socket(
            listen.AddressFamily,
            SocketType.Stream,
            address is null ? ProtocolType.Unspecified : ProtocolType.Tcp
        );
        _listener.Bind(listen);
        _listener.Listen();
        EndPoint = _listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    public EndPoint EndPoint { get; }

    /// <summary>The number of connections so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public TarantoolClientOptions Options => new() { EndPoints = [EndPoint] };

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting.InTime();
        _stopping.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task AcceptAsync()
    {
        List<Task> sessions = new();
        try
        {
            while (true)
                sessions.Add(RunAsync(await _listener.AcceptAsync(_stopping.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task RunAsync(Socket socket)
    {
        using Session session = new(socket, Interlocked.Increment(ref _connections), _stopping.Token);
        try
        {
            await _script(session);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or EndOfStreamException)
        {
            // The client closed the connection, or the test has ended.
        }
    }

    /// <summary>A request as received by the server.</summary>
    public sealed record Request(
        RequestType Type,
        ulong Sync,
        IReadOnlyDictionary<TarantoolValue, TarantoolValue> Body
    );

    /// <summary>One connection.</summary>
    public sealed class Session(Socket socket, int number, CancellationToken stopping) : IDisposable
    {
        private readonly NetworkStream _stream = new(socket, ownsSocket: true);

        /// <summary>The number of the connection, starting at 1.</summary>
        public int Number { get; } = number;

        /// <summary>
        /// Sends the greeting, and responds to the ID request like a server of version 2.10 or later.
        /// </summary>
        /// <param name="watchOnce">Whether to respond like version 3.0.</param>
        public async Task HandshakeAsync(bool watchOnce = false)
        {
            await SendAsync(Frames.Greeting);
            Request request = await ReadAsync();
            Assert.That(request.Type, Is.EqualTo(RequestType.Id));
            await SendAsync(Frames.Id(request.Sync, watchOnce));
        }

        /// <summary>
        /// Whether <see cref="ReadAsync"/> returns the requests to watch <c>box.shutdown</c>, which the client sends on
        /// each connection.
        /// </summary>
        public bool SeesShutdownWatch { get; set; }

        /// <summary>Reads the next request.</summary>
        public async Task<Request> ReadAsync()
        {
            Request request = await ReadNextAsync();
            while (!SeesShutdownWatch && IsShutdownWatch(request))
                request = await ReadNextAsync();
            return request;
        }

        private static bool IsShutdownWatch(Request request) =>
            request.Type == RequestType.Watch && request.Body[(int)IprotoKey.EventKey] == "box.shutdown";

        private async Task<Request> ReadNextAsync()
        {
            byte[] prefix = new byte[5];
            await _stream.ReadExactlyAsync(prefix, stopping);
            byte[] frame = new byte[BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1))];
            await _stream.ReadExactlyAsync(frame, stopping);
            TarantoolReader reader = new(frame);
            IReadOnlyDictionary<TarantoolValue, TarantoolValue> header = reader.ReadAny().AsMap();
            return new Request(
                (RequestType)header[(int)IprotoKey.RequestType].AsInt32(),
                header[(int)IprotoKey.Sync].AsUInt64(),
                reader.ReadAny().AsMap()
            );
        }

        public async Task SendAsync(params byte[][] pieces)
        {
            foreach (byte[] piece in pieces)
                await _stream.WriteAsync(piece, stopping);
        }

        /// <summary>Reads and sends nothing until the test has ended.</summary>
        public Task HangAsync() => Task.Delay(Timeout.Infinite, stopping);

        /// <summary>Closes the connection at once.</summary>
        public void Dispose() => _stream.Dispose();
    }
}
