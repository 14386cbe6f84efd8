using System.Net;
using System.Net.Sockets;

namespace Tarantool.Client.Connection;

/// <summary>
/// Connects to one of several addresses (RFC 8305, section 5): the next attempt begins when the one before has failed,
/// or has not succeeded for 250 ms, and goes on beside it. The first one that succeeds ends the others.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="connect">Connects to an address; may fail with any exception.</param>
internal sealed class AddressRace(TimeProvider time, Func<IPAddress, CancellationToken, Task<Socket>> connect)
{
    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(250);

    private readonly List<(IPAddress Address, Task<Socket> Task)> _attempts = [];

    /// <summary>The addresses that were tried, with what is known of each.</summary>
    public string Tried =>
        string.Join(
            ", ",
            _attempts.Select(attempt =>
                attempt.Task is { IsFaulted: true, Exception: { } failure }
                    ? $"{attempt.Address}: {failure.GetBaseException().Message}"
                : attempt.Task.IsCompletedSuccessfully ? $"{attempt.Address}: greeted"
                : $"{attempt.Address}: no answer"
            )
        );

    /// <returns>The socket, and the address that it is connected to.</returns>
    /// <exception cref="IOException">All attempts have failed.</exception>
    /// <exception cref="OperationCanceledException">The token ended the race.</exception>
    public async Task<(Socket Socket, IPAddress Address)> RunAsync(
        IReadOnlyList<IPAddress> addresses,
        CancellationToken cancellationToken
    )
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<Socket>? winner = null;
        try
        {
            while (true)
            {
                int failures = _attempts.Count - Running().Length;
                if (_attempts.Count < addresses.Count)
                {
                    IPAddress address = addresses[_attempts.Count];
                    _attempts.Add((address, connect(address, end.Token)));
                }

                Task delay = Task.Delay(
                    _attempts.Count < addresses.Count ? s_delay : Timeout.InfiniteTimeSpan,
                    time,
                    end.Token
                );
                while (!delay.IsCompleted && _attempts.Count - Running().Length == failures)
                    await Task.WhenAny([delay, .. Running()]).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                foreach ((IPAddress address, Task<Socket> task) in _attempts)
                {
                    if (!task.IsCompletedSuccessfully)
                        continue;
                    winner = task;
                    return (await task.ConfigureAwait(false), address);
                }

                if (_attempts.Count == addresses.Count && Running().Length == 0)
                    throw new IOException(Tried);
            }
        }
        finally
        {
            foreach ((IPAddress _, Task<Socket> task) in _attempts.Where(attempt => attempt.Task != winner))
                DisposeLater(task);
            await end.CancelAsync().ConfigureAwait(false);
        }
    }

    private static void DisposeLater(Task<Socket> attempt) =>
        _ = attempt.ContinueWith(
            static attempt =>
            {
                if (attempt.IsCompletedSuccessfully)
                    attempt.Result.Dispose();
                else
                    _ = attempt.Exception; // observed: it is part of the reason, or of no interest
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );

    private Task<Socket>[] Running() => [.. _attempts.Select(attempt => attempt.Task).Where(task => !task.IsCompleted)];
}
