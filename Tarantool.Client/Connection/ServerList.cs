namespace Tarantool.Client.Connection;

/// <summary>
/// The servers in the order of the options, and which of them have failed since the last pause. A server fails when an
/// attempt to connect fails or its connection is lost; it is tried again only after all have failed.
/// </summary>
internal sealed class ServerList(ClientContext context, IEventSink events)
{
    private readonly Connector[] _servers =
    [
        .. context.Options.EndPoints.Select(endPoint => new Connector(context, endPoint, events)),
    ];

    private readonly Exception?[] _failures = new Exception?[context.Options.EndPoints.Count];

    /// <summary>Whether every server has failed since the last call of <see cref="Forgive"/>.</summary>
    public bool AllFailed => Array.TrueForAll(_failures, failure => failure is not null);

    /// <summary>Connects to the first server that has not failed and can be used.</summary>
    /// <exception cref="TarantoolException">
    /// All have failed. The failure itself if there is one server, otherwise one that names each.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled.</exception>
    public async ValueTask<TarantoolConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        List<int> passedOver = [];
        for (int i = 0; i < _servers.Length; i++)
        {
            if (_failures[i] is not null)
                continue;
            try
            {
                TarantoolConnection connection = await _servers[i]
                    .ConnectAsync(cancellationToken)
                    .ConfigureAwait(false);
                foreach (int failed in passedOver)
                    context.Reports.PassedOver(_servers[failed].Address, _failures[failed]!);
                return connection;
            }
            catch (Exception exception) when (_servers.Length > 1 && !cancellationToken.IsCancellationRequested)
            {
                _failures[i] = exception;
                passedOver.Add(i);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                _failures[i] = exception;
                throw;
            }
        }

        throw new TarantoolConnectionException(
            $"None of {_servers.Length} servers can be used: "
                + string.Join("; ", _servers.Zip(_failures, (server, failure) => Reason(server.Address, failure!))),
            new AggregateException(_failures.OfType<Exception>())
        );
    }

    /// <summary>A connection has ended: its server is tried again after the others.</summary>
    public void Lost(TarantoolConnection connection, Exception reason)
    {
        for (int i = 0; i < _servers.Length; i++)
        {
            if (Equals(context.Options.EndPoints[i], connection.Server.EndPoint))
                _failures[i] = reason;
        }
    }

    /// <summary>Lets all servers be tried again.</summary>
    public void Forgive() => Array.Clear(_failures);

    private static string Reason(string address, Exception failure) =>
        failure.Message.Contains(address, StringComparison.Ordinal)
            ? failure.Message.TrimEnd('.')
            : $"{address}: {failure.Message.TrimEnd('.')}";
}
