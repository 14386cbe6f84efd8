using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tarantool.Client.Connection;

/// <summary>Makes connections: opens the socket and runs the handshake within the time allowed for both.</summary>
internal sealed class Connector(ClientContext context, IEventSink events)
{
    // How often and how many times a silent TCP peer is asked before it counts as gone.
    private const int KeepAliveIntervalSeconds = 5;
    private const int KeepAliveRetries = 3;

    // IPPROTO_TCP and TCP_USER_TIMEOUT of Linux, for which .NET has no names.
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;

    /// <exception cref="TarantoolException">The server cannot be reached, does not answer in time, or refuses the user.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
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
        catch (TarantoolConnectionException e) when (e.MayHaveExecuted)
        {
            // The handshake was under way, but none of the user's requests.
            throw e.NothingExecuted();
        }
        catch (OperationCanceledException e)
        {
            // The caller knows its own token, not the one that is linked to it.
            if (cancellationToken.IsCancellationRequested)
                throw new OperationCanceledException(e.Message, e, cancellationToken);

            throw new TarantoolConnectionException(
                $"{context.Address} did not accept the connection, greet and authenticate within {timeout}.",
                e
            );
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new TarantoolConnectionException($"Cannot connect to {context.Address}: {Reason(e)}", e);
        }
    }

    /// <summary>The runtime says of a path without a socket that the address cannot be assigned, which helps nobody.</summary>
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

        // The system asks only when all that was sent is acknowledged. With a request under way it would send that
        // anew for a quarter of an hour, in which every request of the client runs into its time-out.
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
