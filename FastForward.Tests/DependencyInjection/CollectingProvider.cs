using Microsoft.Extensions.Logging;

namespace FastForward.Tests.DependencyInjection;

/// <summary>Collects the log entries of a host.</summary>
internal sealed class CollectingProvider : ILoggerProvider
{
    private readonly CollectingLogger<HostedNode> _logger = new();

    public IReadOnlyList<(int Id, LogLevel Level, string Text)> Entries => _logger.Entries;

    public ILogger CreateLogger(string categoryName) => _logger;

    public void Dispose() { }
}
