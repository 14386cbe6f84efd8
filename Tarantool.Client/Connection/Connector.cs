using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tarantool.Client.Connection;

/// <summary>
/// Opens the socket and runs the handshake, both within <see cref="TarantoolClientOptions.ConnectTimeout"/>.
/// </summary>
/// <param name="context">Shared by all parts of the client.</param>
/// <param name="endPoint">The server.</param>
/// <param name="events">Receives the events of watched keys.</param>
internal sealed class Connector(ClientContext context, EndPoint endPoint, IEventSink events)
{
    // Interval and number of TCP keep-alive probes before a silent peer is considered lost.
    private const int KeepAliveIntervalSeconds = 5;
    private const int KeepAliveRetries = 3;

    // IPPROTO_TCP and TCP_USER_TIMEOUT from Linux's netinet/tcp.h; .NET has no constants for them.
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;

    private readonly List<IPAddress> _failed = []; // in the handshake, after greeting; the last one at the end
    private IPAddress? _good;
    private AddressRace? _race;
    private string _stage = "";

    /// <summary>The server's address for messages.</summary>
    public string Address { get; } = ClientContext.AddressOf(endPoint);

    /// <exception cref="TarantoolException">
    /// The server cannot be reached, does not respond in time, or rejects the user.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled.</exception>
    public async ValueTask<TarantoolConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        TimeSpan timeout = context.Options.ConnectTimeout;
        using CancellationTokenSource timer = new(timeout, context.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(
            timer.Token,
            cancellationToken
        );
        try
        {
            (Socket socket, IPAddress? address) = await OpenSocketAsync(either.Token).ConfigureAwait(false);
            return await OpenAsync(socket, address, either.Token, cancellationToken).ConfigureAwait(false);
        }
        catch (TarantoolConnectionException exception) when (exception.MayHaveExecuted)
        {
            // The handshake was in flight, but no request of the user.
            throw exception.NothingExecuted();
        }
        catch (OperationCanceledException exception)
        {
            // Report the caller's own token, not the linked one.
            if (cancellationToken.IsCancellationRequested)
                throw new OperationCanceledException(exception.Message, exception, cancellationToken);

            throw new TarantoolConnectionException(
                $"Connecting to {Address} took longer than {timeout}: {_stage}"
                    + (_race is null ? "." : $" (tried {_race.Tried})."),
                exception
            );
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            throw new TarantoolConnectionException($"Cannot connect to {Address}: {Reason(exception)}", exception);
        }
    }

    private async ValueTask<TarantoolConnection> OpenAsync(
        Socket socket,
        IPAddress? address,
        CancellationToken end,
        CancellationToken callerEnd
    )
    {
        try
        {
            TarantoolConnection connection = await TarantoolConnection
                .OpenAsync(
                    context,
                    endPoint,
                    new NetworkStream(socket, ownsSocket: true),
                    events,
                    awaited => _stage = $"the server did not {awaited}",
                    end
                )
                .ConfigureAwait(false);
            _good = address;
            if (address is not null)
                _failed.Remove(address);
            return connection;
        }
        catch when (address is not null && !callerEnd.IsCancellationRequested)
        {
            _failed.Remove(address);
            _failed.Add(address);
            if (address.Equals(_good))
                _good = null;
            throw;
        }
    }

    /// <summary>
    /// For a missing UNIX socket the runtime reports EADDRNOTAVAIL, which is misleading; replaces it by a clear text.
    /// </summary>
    private string Reason(Exception failure) =>
        failure is SocketException { SocketErrorCode: SocketError.AddressNotAvailable }
        && endPoint is UnixDomainSocketEndPoint
            ? "There is no such socket. Is the server running, and is this the path given to box.cfg{listen=...}?"
            : failure.Message;

    /// <returns>The socket, and its address if the server's name has several.</returns>
    private async ValueTask<(Socket Socket, IPAddress? Address)> OpenSocketAsync(CancellationToken cancellationToken)
    {
        _stage = "the server did not accept the connection";
        switch (endPoint)
        {
            case DnsEndPoint name:
                return await OpenSocketAsync(name, cancellationToken).ConfigureAwait(false);
            case IPEndPoint ip:
                return (await ConnectAsync(ip, cancellationToken).ConfigureAwait(false), null);
            case { } path:
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                return (await ConnectAsync(socket, path, cancellationToken).ConfigureAwait(false), null);
            default:
                throw new InvalidOperationException("The options were not validated.");
        }
    }

    private async ValueTask<(Socket Socket, IPAddress? Address)> OpenSocketAsync(
        DnsEndPoint name,
        CancellationToken cancellationToken
    )
    {
        _race = null;
        _stage = "the resolver did not answer";
        IPAddress[] addresses = await ResolveAsync(name.Host, cancellationToken).ConfigureAwait(false);
        _failed.RemoveAll(address => !addresses.Contains(address));
        if (addresses.Length == 0)
            throw new IOException("The resolver knows no address of this host.");
        if (addresses.Length == 1)
        {
            _stage = "the server did not accept the connection";
            IPEndPoint only = new(addresses[0], name.Port);
            return (await ConnectAsync(only, cancellationToken).ConfigureAwait(false), null);
        }

        _stage = "no address accepted the connection and greeted";
        _race = new AddressRace(
            context.Time,
            (address, end) => ConnectToGreetingAsync(new IPEndPoint(address, name.Port), end)
        );
        return await _race
            .RunAsync(AddressOrder.Sort(addresses, _good, _failed), cancellationToken)
            .ConfigureAwait(false);
    }

    private async ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (!IPAddress.TryParse(host, out IPAddress? address))
            return await context.Options.Resolve(host, cancellationToken).ConfigureAwait(false);
        int zone = host.IndexOf('%', StringComparison.Ordinal);
        return zone < 0 || address.ScopeId != 0
            ? [address]
            : throw new IOException($"This machine has no network interface {host[(zone + 1)..].TrimEnd(']')}.");
    }

    /// <summary>
    /// Connects and waits for the first byte of the greeting: a server that accepts and stays silent must not win over
    /// one that works.
    /// </summary>
    private async Task<Socket> ConnectToGreetingAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        Socket socket = await ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        try
        {
            byte[] first = new byte[1];
            if (await socket.ReceiveAsync(first, SocketFlags.Peek, cancellationToken).ConfigureAwait(false) == 0)
                throw new IOException("The connection was closed before the greeting.");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A socket for one address: one that is connected by name has options set already, and then .NET tries only the
    /// first address of the name.
    /// </summary>
    private async Task<Socket> ConnectAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.NoDelay = true;
        SetKeepAlive(socket, context.Options.KeepAlive);
        return await ConnectAsync(socket, address, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Socket> ConnectAsync(Socket socket, EndPoint address, CancellationToken cancellationToken)
    {
        try
        {
            await socket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    internal static void SetKeepAlive(Socket socket, TimeSpan keepAlive)
    {
        if (keepAlive == Timeout.InfiniteTimeSpan)
            return;
        int seconds = (int)Math.Max(1, Math.Min(short.MaxValue, keepAlive.TotalSeconds));
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveRetries);

        // Keep-alive probes are sent only while no data is unacknowledged. With a request in flight the kernel would
        // retransmit for about 15 minutes, and all requests would time out meanwhile; TCP_USER_TIMEOUT limits that.
        if (OperatingSystem.IsLinux())
        {
            int milliseconds = (seconds + KeepAliveIntervalSeconds * KeepAliveRetries) * 1000;
            socket.SetRawSocketOption(
                TcpLevel,
                TcpUserTimeout,
                MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in milliseconds))
            );
        }
    }
}
