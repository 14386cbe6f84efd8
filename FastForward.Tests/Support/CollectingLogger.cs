using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace FastForward.Tests.Support;

/// <summary>Collects log entries. Also a factory that returns itself, so that all categories share one list.</summary>
internal sealed class CollectingLogger<T> : ILogger<T>, ILoggerFactory
{
    private readonly ConcurrentQueue<(int Id, LogLevel Level, string Text)> _entries = new();

    public IReadOnlyList<(int Id, LogLevel Level, string Text)> Entries => [.. _entries];

    public IEnumerable<string> TextsOf(int id) => Entries.Where(entry => entry.Id == id).Select(entry => entry.Text);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _entries.Enqueue((eventId.Id, logLevel, formatter(state, exception)));

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose() { }
}
