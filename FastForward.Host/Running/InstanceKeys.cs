using FastForward.Transport;

namespace FastForward.Host.Running;

/// <summary>
/// Passes keys to the node, which copies them. Until it has started, those that were read last wait. Any thread may
/// call it.
/// </summary>
/// <param name="first">The keys at the start.</param>
internal sealed class InstanceKeys(IReadOnlyList<ForwardKey> first)
{
    private readonly Lock _one = new();
    private ForwardNode? _node;
    private IReadOnlyList<ForwardKey>? _waiting;

    /// <summary>The node that was created with the first keys has started.</summary>
    public void Started(ForwardNode node)
    {
        lock (_one)
        {
            _node = node;
            Free(first);
            if (_waiting is not { } keys)
                return;
            _waiting = null;
            Pass(keys);
        }
    }

    /// <summary>Replaces all keys, and disposes of these.</summary>
    public void Replace(IReadOnlyList<ForwardKey> keys)
    {
        lock (_one)
        {
            if (_node is not null)
            {
                Pass(keys);
                return;
            }

            Free(_waiting ?? []);
            _waiting = keys;
        }
    }

    private void Pass(IReadOnlyList<ForwardKey> keys)
    {
        _node!.ReplaceKeys(keys);
        Free(keys);
    }

    private static void Free(IReadOnlyList<ForwardKey> keys)
    {
        foreach (ForwardKey key in keys)
            key.Dispose();
    }
}
