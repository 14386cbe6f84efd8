using System.Net;
using System.Net.Sockets;

namespace Tarantool.Client.Connection;

/// <summary>Makes connections: opens the socket and runs the handshake within the time allowed for both.</summary>
internal sealed class Connector(ClientContext context, IEventSink events)
{
    // How often and how many times a silent TCP peer is asked before it counts as gone.
    private const int KeepAliveIntervalSeconds = 5;
    private const int KeepAliveRetries = 3;

    /// <exception cref="TarantoolException">The server cannot be reached, does not answer in time, or refuses the user.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<TarantoolConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        TimeSpan timeout = context.Options.ConnectTimeout;
        using var timer = new CancellationTokenSource(timeout, context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
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
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TarantoolConnectionException(
                $"{context.EndPoint} did not accept the connection, greet and authenticate within {timeout}.", e);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new TarantoolConnectionException($"Cannot connect to {context.EndPoint}: {Reason(e)}", e);
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
        Socket socket = isUnix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : endPoint is IPEndPoint ip
                ? new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
                : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (!isUnix)
            {
                socket.NoDelay = true;
                SetKeepAlive(socket);
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

    private void SetKeepAlive(Socket socket)
    {
        if (context.Options.KeepAlive == Timeout.InfiniteTimeSpan)
            return;
        int seconds = (int)Math.Max(1, Math.Min(short.MaxValue, context.Options.KeepAlive.TotalSeconds));
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveRetries);
    }
}
