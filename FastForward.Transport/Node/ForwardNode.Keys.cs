using FastForward.Transport.Node;
using FastForward.Transport.Session.Keys;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport;

public sealed partial class ForwardNode
{
    /// <summary>
    /// Takes these keys instead of those that it has, of which the node overwrites its copies. Any thread may call it.
    /// </summary>
    /// <param name="keys">All keys from now on; the node takes copies, so dispose of them.</param>
    /// <exception cref="ArgumentException">The keys cannot be used together; the message says why.</exception>
    public void ReplaceKeys(IReadOnlyList<ForwardKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        string problems = string.Join(' ', NodeKeys.FindProblems(keys));
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(keys));
        IReadOnlyList<PairKey> next = NodeKeys.Copy(keys);
        _loop.Post(() =>
        {
            if (_disposed)
            {
                NodeKeys.Free(next);
                return;
            }

            IReadOnlyList<PairKey> before = _keys.Replace(next);
            if (_started)
            {
                _routedPeers.OnKeysChanged(before);
                _clockStep.Start();
            }

            NodeKeys.Free(before);
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
