using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>
/// Routes from the spaces <c>OverriddenNodes</c> and <c>Nodes</c> of a Tarantool registry, followed as they change. The
/// servers are replicas of each other; all are followed at the same time, and the newest rows that one of them shows
/// are in use. What is known stays in use while no server answers.
/// </summary>
/// <remarks>
/// <para>Within one replica set rows never go back: a server that lacks writes which were seen before is ignored, named
/// and waited for (<see cref="RegistryServerState.Lagging"/>); <see cref="Accept"/> takes its rows all the same.
/// Another replica set is adopted with a warning when none of the former one answers, unless it has no row at
/// all.</para>
/// <para>Works on pool threads; all members may be used on any thread. No server has to be there at the start.</para>
/// </remarks>
public sealed partial class TarantoolRegistry : IAsyncDisposable, IDisposable
{
    private const long LagMicros = 2_000_000;

    private readonly TarantoolRegistryOptions _options;
    private readonly ILogger _logger;
    private readonly RegistryServer[] _servers;
    private readonly string?[] _details;
    private readonly RegistryNotice[] _notices;
    private readonly RegistryServerState[] _said; // the states that were logged
    private readonly string?[] _refusals;
    private readonly long[] _unsaidSince; // a state differs from what was logged; 0 when none does
    private readonly RegistryView _view;
    private readonly TarantoolRouteSource[] _sources;
    private readonly GoodRows _good;
    private readonly CacheWriter? _cache;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly ITimer _evaluation;
    private Task _work = Task.CompletedTask;
    private long _confirmedAt;
    private bool _wasConfirmed;
    private long _changes;
    private int _hasOtherRows; // and the sources have not announced it
    private int _disposed;

    /// <summary>Reads the cache, if there is one. <see cref="Start"/> connects.</summary>
    /// <param name="options">Settings, copied.</param>
    /// <exception cref="ArgumentException">Options are invalid; the message names all of them.</exception>
    public TarantoolRegistry(TarantoolRegistryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Copy();
        string problems = string.Join(' ', _options.FindProblems());
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(options));
        _logger = _options.LoggerFactory?.CreateLogger<TarantoolRegistry>() ?? (ILogger)NullLogger.Instance;
        Observer observer = new(this);
        _servers =
        [
            .. _options.Servers.Select(server => new RegistryServer(
                server,
                _options.ToClientOptions(server),
                _options,
                observer
            )),
        ];
        _details = new string?[_servers.Length];
        _notices = new RegistryNotice[_servers.Length];
        _said = new RegistryServerState[_servers.Length];
        _refusals = new string?[_servers.Length];
        _unsaidSince = new long[_servers.Length];
        _view = new RegistryView(_servers.Length);
        _sources =
        [
            .. _options
                .Tables.Order()
                .Select(table => new TarantoolRouteSource($"{_options.Name} {table}", table, _options.OwnNode)),
        ];
        _good = new GoodRows(_options);
        _evaluation = _options.TimeProvider.CreateTimer(
            static registry => ((TarantoolRegistry)registry!).OnTimer(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        _confirmedAt = NowMicros;
        if (_options.CacheFile is not { } file)
            return;
        _cache = new CacheWriter(file, ReadCache, problem => RegistryLog.CacheNotWritten(_logger, Name, file, problem));
        Restore(file);
    }

    /// <summary>
    /// The text of <c>registry.lua</c>: what a Tarantool server runs to have the spaces and functions of a registry.
    /// Its first lines say how.
    /// </summary>
    public static string Script => RegistryScript.Text;

    /// <summary>The name for messages.</summary>
    public string Name => _options.Name;

    /// <summary>The sources of routes, one for each of <see cref="TarantoolRegistryOptions.Tables"/>.</summary>
    public IReadOnlyList<IRouteSource> Sources => _sources;

    /// <summary>
    /// Other rows are in use, or a server has another state. Raised on pool threads; must return quickly, and must not
    /// dispose of the registry.
    /// </summary>
    public event Action? StatusChanged;

    internal bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    private long NowMicros =>
        (long)_options.TimeProvider.GetElapsedTime(0, _options.TimeProvider.GetTimestamp()).TotalMicroseconds;

    /// <summary>Begins to follow the servers. Returns at once; may be called once.</summary>
    /// <exception cref="InvalidOperationException">It was called before.</exception>
    public void Start()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        lock (_gate)
        {
            if (!_work.IsCompleted)
                throw new InvalidOperationException("The registry is followed already.");
            _work = Task.WhenAll(_servers.Select(server => Task.Run(() => server.RunAsync(_stopping.Token))));
        }
    }

    /// <summary>Waits until a server has answered.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WaitAsync(CancellationToken cancellationToken = default) => _answered.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Takes the rows of the first server that answers, although they may be older than those in use or of another
    /// replica set: after a restore from a backup, for example.
    /// </summary>
    /// <returns>
    /// The server whose rows are in use now: another one, when it answers and has all that the first one has and more.
    /// Null when none answers, and nothing was changed.
    /// </returns>
    public string? Accept()
    {
        string server;
        lock (_gate)
        {
            if (_view.Accept() is not { } change)
                return null;
            Use(change);
            Evaluate();
            server = _servers[_view.CurrentServer].Address;
        }

        Raise();
        return server;
    }

    /// <summary>Stops following. The sources keep their rows.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _evaluation.DisposeAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        if (_cache is not null)
            await _cache.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>Stops following, and waits until all is closed. The sources keep their rows.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private void Restore(string file)
    {
        RegistryCache.Content? content = RegistryCache.Read(file, out string? problem);
        if (problem is not null)
            RegistryLog.CacheNotRead(_logger, Name, file, problem);
        if (content is null)
            return;
        _view.Restore(new RegistryAnswer(content.Version, _good.Restore(content), null));
        foreach (TarantoolRouteSource source in _sources)
            source.Set(_view.Current!.Content[source.Table]);
        RegistryLog.CacheInUse(_logger, Name, content.Overridden.Count + content.Nodes.Count, file);
    }

    private RegistryCache.Content ReadCache()
    {
        lock (_gate)
            return _good.ToCache(_view.Current?.Version);
    }

    private void OnAnswer(RegistryServer server, RegistryAnswer answer, RegistryNotice notice)
    {
        lock (_gate)
        {
            int index = Array.IndexOf(_servers, server);
            _notices[index] = notice;
            _details[index] = null;
            _view.OnAnswer(index, answer);
            Evaluate();
        }

        Raise();
        _answered.TrySetResult();
    }

    private void OnFailure(RegistryServer server, RegistryServerState state, string detail)
    {
        lock (_gate)
        {
            int index = Array.IndexOf(_servers, server);
            _details[index] = detail;
            _view.OnFailure(index, state);
            Evaluate();
        }

        Raise();
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            if (_disposed != 0)
                return;
            Evaluate();
        }

        Raise();
    }

    // Outside the lock, so that those who listen may look at the status. What they read is the newest, whichever thread
    // tells them first.
    private void Raise()
    {
        try
        {
            if (Interlocked.Exchange(ref _hasOtherRows, 0) != 0)
            {
                foreach (TarantoolRouteSource source in _sources)
                    source.Announce();
            }

            StatusChanged?.Invoke();
        }
#pragma warning disable CA1031 // The server that caused it is followed on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RegistryLog.ListenerFailed(_logger, Name, exception);
        }
    }

    private void Use(RegistryChange change)
    {
        Warn(change);
        if (change.Previous?.Content.HasSame(change.Next.Content) == true)
        {
            if (change.Reason != RegistryChangeReason.Newer)
                _cache?.Write();
            return;
        }

        int changed = _good.Replace(change.Previous?.Content, change.Next.Content);
        _changes++;
        string server = _servers[change.Server].Address;
        RegistryLog.RowsInUse(_logger, Name, _good.Count, server, changed, change.Next.Version?.Writes);

        // A row may move from one table to the other: both are replaced before either is announced.
        foreach (TarantoolRouteSource source in _sources)
            source.Set(change.Next.Content[source.Table]);
        _hasOtherRows = 1;
        _cache?.Write();
    }

    private void Warn(RegistryChange change)
    {
        string? reason = change.Reason switch
        {
            RegistryChangeReason.Diverged =>
                "it lacks writes that were seen before: they were lost with another server",
            RegistryChangeReason.OtherRegistry => "it is of another replica set: the registry was replaced",
            RegistryChangeReason.Accepted => "it is not newer than what was in use: it was accepted on request",
            _ => null,
        };
        if (reason is not null)
            RegistryLog.Adopted(
                _logger,
                Name,
                _servers[change.Server].Address,
                reason,
                Describe(change.Previous),
                Describe(change.Next)
            );
    }

    private static string Describe(RegistryAnswer? answer) =>
        answer is null
            ? "nothing"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{answer.Content[RouteTable.OverriddenNodes].Count} rows of OverriddenNodes and "
                    + $"{answer.Content[RouteTable.Nodes].Count} of Nodes, registry {answer.Version?.Registry}, "
                    + $"writes {answer.Version}"
            );

    private void Evaluate()
    {
        while (_view.Evaluate(NowMicros) is { } change)
            Use(change);
        if (_view.IsConfirmed || _wasConfirmed)
            _confirmedAt = NowMicros;
        _wasConfirmed = _view.IsConfirmed;
        long next = _view.EvaluateAt;
        for (int i = 0; i < _servers.Length; i++)
        {
            RegistryServerState state = _view.States[i];
            string? refusal = state == RegistryServerState.Refusing ? _details[i] : null;
            if (state == _said[i] && refusal == _refusals[i])
            {
                _unsaidSince[i] = 0;
                continue;
            }

            // Replication takes its time: not worth a line in the log.
            if (_unsaidSince[i] == 0)
                _unsaidSince[i] = NowMicros;
            if (state == RegistryServerState.Lagging && NowMicros < _unsaidSince[i] + LagMicros)
            {
                next = next == 0 ? _unsaidSince[i] + LagMicros : Math.Min(next, _unsaidSince[i] + LagMicros);
                continue;
            }

            _said[i] = state;
            _refusals[i] = refusal;
            _unsaidSince[i] = 0;
            if (state is RegistryServerState.Current)
                RegistryLog.Answers(
                    _logger,
                    Name,
                    _servers[i].Address,
                    _notices[i],
                    state,
                    _view.AnswerOf(i)?.Version?.Writes
                );
            else
                RegistryLog.Trouble(_logger, Name, _servers[i].Address, state, DetailOf(i)!);
        }

        TimeSpan due = Timeout.InfiniteTimeSpan;
        if (next > 0)
            due = TimeSpan.FromMicroseconds(Math.Max(0, next - NowMicros));
        _evaluation.Change(due, Timeout.InfiniteTimeSpan);
    }

    private sealed class Observer(TarantoolRegistry registry) : IRegistryObserver
    {
        public void OnAnswer(RegistryServer server, RegistryAnswer answer, RegistryNotice notice) =>
            registry.OnAnswer(server, answer, notice);

        public void OnFailure(RegistryServer server, RegistryServerState state, string detail) =>
            registry.OnFailure(server, state, detail);

        public void OnDefect(RegistryServer server, Exception exception)
        {
            RegistryLog.Defect(registry._logger, registry.Name, server.Address, exception);
            registry.OnFailure(server, RegistryServerState.Refusing, $"a defect of this program: {exception.Message}");
        }
    }
}
