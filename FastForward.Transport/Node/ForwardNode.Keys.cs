using FastForward.Transport.Keys;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport;

public sealed partial class ForwardNode
{
    private readonly KeyRing _keys;

    /// <summary>
    /// Takes these keys instead of those that it has, of which the node overwrites its copies. Any thread may call it.
    /// </summary>
    /// <param name="keys">All keys from now on; the node takes copies, so dispose of them.</param>
    /// <exception cref="ArgumentException">The keys cannot be used together; the message says why.</exception>
    public void ReplaceKeys(IReadOnlyList<ForwardKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        string problems = string.Join(' ', KeyRing.FindProblems(keys));
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(keys));
        KeyRing next = new(_options.Node, keys);
        _loop.Post(() =>
        {
            if (_disposed)
            {
                next.Dispose();
                return;
            }

            _keys.TakeFrom(next);
            LogKeyWarnings();
        });
    }

    private void LogKeyWarnings()
    {
        foreach (string warning in _keys.FindWarnings())
            LogKeyWarning(Logger, Id, warning);
    }

    [LoggerMessage(EventId = 1107, Level = LogLevel.Warning, Message = "Node {Node}: {Warning}")]
    private static partial void LogKeyWarning(ILogger logger, uint node, string warning);
}
