using System.Globalization;
using Tarantool.Client;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>
/// Follows one server: connects, reads, waits for changes, and begins again when it fails, with delays that grow and
/// differ by chance. Runs on pool threads, one step at a time.
/// </summary>
/// <param name="address">As configured, for messages.</param>
/// <param name="client">How to connect.</param>
/// <param name="options">The registry's settings.</param>
/// <param name="observer">Is told what the server says.</param>
internal sealed class RegistryServer(
    string address,
    TarantoolClientOptions client,
    TarantoolRegistryOptions options,
    IRegistryObserver observer
)
{
    private const string WatchedKey = "fastforward.registry";

    private static readonly TimeSpan s_leastDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_mostDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_stable = TimeSpan.FromSeconds(10);

    private RegistryContent _content = RegistryContent.Empty;
    private string _state = ""; // of _content, in the server's own words

    /// <summary>As configured.</summary>
    public string Address => address;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan delay = s_leastDelay;
        while (!cancellationToken.IsCancellationRequested)
        {
            long began = options.TimeProvider.GetTimestamp();
            try
            {
                TarantoolClient connection = await TarantoolClient
                    .ConnectAsync(client, cancellationToken)
                    .ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                    await FollowAsync(connection, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (TarantoolConnectionException exception)
            {
                observer.OnFailure(this, RegistryServerState.Unreachable, OneLine(exception.Message));
            }
            catch (TimeoutException)
            {
                observer.OnFailure(this, RegistryServerState.Unreachable, "it is connected and does not answer");
            }
            catch (Exception exception) when (Describe(exception) is { } text)
            {
                observer.OnFailure(this, RegistryServerState.Refusing, OneLine(text));
            }
#pragma warning disable CA1031 // A defect must not end this: the rows would stay as they are without a sign.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                observer.OnDefect(this, exception);
            }

            // A server that answers and goes away again and again is no better than one that does not answer.
            bool wasStable = options.TimeProvider.GetElapsedTime(began) >= s_stable;
            delay = wasStable ? s_leastDelay : Min(delay * 2, s_mostDelay);
            await Task.Delay(delay * (0.5 + (Random.Shared.NextDouble() / 2)), options.TimeProvider, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // What the server, or what it answers, is not as it should be; null for what is no fault of the server.
    private string? Describe(Exception exception) =>
        exception switch
        {
            TarantoolServerException { Code: TarantoolErrorCodes.NoSuchUser or TarantoolErrorCodes.PasswordMismatch } =>
                $"it refuses the user {options.UserName} or the password: {exception.Message}",
            TarantoolServerException => exception.Message,
            TarantoolSchemaException => exception.Message
                + " Install registry.lua (FastForward.Host registry apply), or grant the user read access",
            TarantoolException or FormatException or ArgumentOutOfRangeException =>
                $"its answer is not that of registry.lua: {exception.Message}",
            _ => null,
        };

    private async Task FollowAsync(TarantoolClient connection, CancellationToken cancellationToken)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using SemaphoreSlim announced = new(0);
        Task watching = Task.CompletedTask;
        _state = "";
        _content = RegistryContent.Empty;
        try
        {
            bool canWatch = connection.Server!.SupportsWatch;
            if (canWatch)
                watching = WatchAsync(connection, announced, ending.Token);
            while (true)
            {
                TimeSpan wait = canWatch || _state.Length == 0 ? TimeSpan.Zero : options.WaitTime;
                if (await TryReadAsync(connection, canWatch, wait, cancellationToken).ConfigureAwait(false))
                {
                    if (canWatch)
                        await announced.WaitAsync(options.WaitTime, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                await PollAsync(connection, cancellationToken).ConfigureAwait(false);
                await Task.Delay(options.PollInterval, options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task WatchAsync(
        TarantoolClient connection,
        SemaphoreSlim announced,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await foreach (
                TarantoolValue _ in connection.WatchAsync(WatchedKey, cancellationToken).ConfigureAwait(false)
            )
                announced.Release();
        }
        finally
        {
            announced.Release(); // the connection has ended: the next request says why
        }
    }

    // Calls the function of registry.lua. False when the server has none that the user may call.
    private async Task<bool> TryReadAsync(
        TarantoolClient connection,
        bool canWatch,
        TimeSpan wait,
        CancellationToken cancellationToken
    )
    {
        TarantoolTuple result;
        try
        {
            result = await connection
                .CallAsync(
                    RegistryAnswer.Function,
                    [_state, wait.TotalSeconds],
                    new CallOptions { Timeout = wait + options.Grace },
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch (TarantoolServerException exception)
            when (exception.Code is TarantoolErrorCodes.NoSuchProc or TarantoolErrorCodes.AccessDenied)
        {
            _state = "";
            return false;
        }

        RegistryAnswer answer = RegistryAnswer.Read(result, _content, options.TransportTypes, out _state);
        Tell(answer, canWatch ? RegistryNotice.Watch : RegistryNotice.LongPoll);
        return true;
    }

    private async Task PollAsync(TarantoolClient connection, CancellationToken cancellationToken)
    {
        TarantoolTuple[] spaces = [TarantoolTuple.Empty, TarantoolTuple.Empty];
        foreach (RouteTable table in options.Tables)
        {
            TarantoolTuple[] rows = await connection
                .SelectAsync(table.ToString(), [], default, cancellationToken)
                .ConfigureAwait(false);
            spaces[(int)table] = TarantoolTuple.Create([.. rows.Select(static row => (TarantoolValue)row)]);
        }

        RegistryContent content = RegistryContent.Read(
            spaces[(int)RouteTable.OverriddenNodes],
            spaces[(int)RouteTable.Nodes],
            options.TransportTypes
        );
        Tell(new RegistryAnswer(null, content, null), RegistryNotice.Poll);
    }

    private void Tell(RegistryAnswer answer, RegistryNotice notice)
    {
        _content = answer.Content;
        observer.OnAnswer(this, answer, notice);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static string OneLine(string text)
    {
        const int Longest = 300;
        text = string.Join(' ', text.Split((char[])['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));
        return text.Length <= Longest ? text : string.Create(CultureInfo.InvariantCulture, $"{text[..Longest]}...");
    }
}

/// <summary>Is told what the servers say; on pool threads, one call at a time for each server.</summary>
internal interface IRegistryObserver
{
    /// <summary>A server has answered.</summary>
    void OnAnswer(RegistryServer server, RegistryAnswer answer, RegistryNotice notice);

    /// <summary>A server cannot be reached, or refuses.</summary>
    void OnFailure(RegistryServer server, RegistryServerState state, string detail);

    /// <summary>What a server said met a defect.</summary>
    void OnDefect(RegistryServer server, Exception exception);
}
