using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tarantool.Client.Connection;

/// <summary>
/// Opens the socket and runs the handshake, both within <see cref="TarantoolClientOptions.ConnectTimeout"/>.
/// </summary>
internal sealed class Connector(ClientContext context, IEventSink events)
{
    // Interval and number of TCP keep-alive probes before a silent peer is considered lost.
    private const int KeepAliveIntervalSeconds = 5;
    private const int KeepAliveRetries = 3;

    // IPPROTO_TCP and TCP_USER_TIMEOUT from Linux's netinet/tcp.h; .NET has no constants for them.
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;

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
            Socket socket = await OpenSocketAsync(either.Token).ConfigureAwait(false);
            return await TarantoolConnection
                .OpenAsync(context, new NetworkStream(socket, ownsSocket: true), events, either.Token)
                .ConfigureAwait(false);
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
                $"{context.Address} did not complete connecting, greeting and authentication within {timeout}.",
                exception
            );
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            throw new TarantoolConnectionException(
                $"Cannot connect to {context.Address}: {Reason(exception)}",
                exception
            );
        }
    }

    /// <summary>
    /// For a missing UNIX socket the runtime reports EADDRNOTAVAIL, which is misleading; replaces it by a clear text.
    /// </summary>
    private string Reason(Exception failure) =>
        failure is SocketException { SocketErrorCode: SocketError.AddressNotAvailable }
        && context.Options.EndPoint is UnixDomainSocketEndPoint
            ? "There is no such socket. Is the server running, and is this the path given to box.cfg{listen=...}?"
            : failure.Message;

    private async ValueTask<Socket> OpenSocketAsync(CancellationToken cancellationToken)
    {
        EndPoint endPoint = context.Options.EndPoint!;
        bool isUnix = endPoint is UnixDomainSocketEndPoint;
        Socket socket =
            isUnix ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : endPoint is IPEndPoint ip ? new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (!isUnix)
            {
                socket.NoDelay = true;
                SetKeepAlive(socket, context.Options.KeepAlive);
            }

            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
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
