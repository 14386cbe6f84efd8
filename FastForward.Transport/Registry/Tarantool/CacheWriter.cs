namespace FastForward.Transport.Registry.Tarantool;

/// <summary>
/// Writes a cache in the background, at most once a second and what is the newest then: rows that change fast are not
/// queued. Thread-safe.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="read">Reads what is to be written; on any thread.</param>
/// <param name="onFailure">Is told why the file could not be written, once until it can.</param>
internal sealed class CacheWriter(string file, Func<RegistryCache.Content> read, Action<string> onFailure)
    : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _hurry = new();
    private Task _writing = Task.CompletedTask;
    private bool _isOutdated;
    private bool _isWriting;
    private bool _isClosed;
    private bool _hasFailed;

    /// <summary>What is to be written has changed.</summary>
    public void Write()
    {
        lock (_gate)
        {
            _isOutdated = true;
            if (_isWriting || _isClosed)
                return;
            _isWriting = true;
            _writing = Task.Run(WriteAllAsync);
        }
    }

    /// <summary>Waits until the last content is written.</summary>
    public async ValueTask DisposeAsync()
    {
        await _hurry.CancelAsync().ConfigureAwait(false);
        Task writing;
        lock (_gate)
        {
            _isClosed = true;
            writing = _writing;
        }

        await writing.ConfigureAwait(false);
        _hurry.Dispose();
    }

    private async Task WriteAllAsync()
    {
        while (true)
        {
            lock (_gate)
            {
                _isWriting = _isOutdated;
                _isOutdated = false;
                if (!_isWriting)
                    return;
            }

            WriteOnce();
            await Task.Delay(s_pause, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void WriteOnce()
    {
        try
        {
            RegistryCache.Write(file, read());
            _hasFailed = false;
        }
#pragma warning disable CA1031 // Whatever it is, the rows go on and the next write is tried.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (!_hasFailed)
                onFailure(exception.Message);
            _hasFailed = true;
        }
    }
}
