namespace FastForward.Transport.Registry.Tarantool;

/// <summary>
/// Writes a cache in the background, the newest content only: rows that change faster than the disk can follow are not
/// queued. Thread-safe.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="onFailure">Is told why the file could not be written, once until it can.</param>
internal sealed class CacheWriter(string file, Action<string> onFailure) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private RegistryCache.Content? _next;
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private bool _hasFailed;

    /// <summary>Has the content written.</summary>
    public void Write(RegistryCache.Content content)
    {
        lock (_gate)
        {
            _next = content;
            if (_isWriting)
                return;
            _isWriting = true;
            _writing = Task.Run(WriteAll);
        }
    }

    /// <summary>Waits until the last content is written.</summary>
    public async ValueTask DisposeAsync()
    {
        Task writing;
        lock (_gate)
            writing = _writing;
        await writing.ConfigureAwait(false);
    }

    private void WriteAll()
    {
        while (true)
        {
            RegistryCache.Content content;
            lock (_gate)
            {
                if (_next is null)
                {
                    _isWriting = false;
                    return;
                }

                content = _next;
                _next = null;
            }

            try
            {
                RegistryCache.Write(file, content);
                _hasFailed = false;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                if (!_hasFailed)
                    onFailure(exception.Message);
                _hasFailed = true;
            }
        }
    }
}
