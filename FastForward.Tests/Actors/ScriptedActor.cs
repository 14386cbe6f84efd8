using FastForward.Transport;
using FastForward.Transport.Actors;

namespace FastForward.Tests.Actors;

/// <summary>Records its calls in a list that may be shared, and runs a delegate of the test.</summary>
internal sealed class ScriptedActor(string name, List<string>? calls = null) : IActor
{
    public string Name { get; } = name;

    public List<string> Calls { get; } = calls ?? [];

    public ActorContext? Context { get; private set; }

    /// <summary>Called with the name of each call except DoWork; may throw.</summary>
    public Action<string>? When { get; set; }

    public Func<int>? WhenWorking { get; set; }

    public void OnStart(ActorContext context)
    {
        Context = context;
        Note("start");
    }

    public void OnMessage(in ReceivedMessage message) => Note($"message {message.Payload[0]}");

    public void OnStreamEnd(in StreamEnd end) => Note($"end {end.Reason}");

    public void OnPeer(in PeerEvent change) => Note($"peer {change.Kind}");

    public void OnWritable(uint node, ulong stream) => Note($"writable {stream & 0xFFFF_FFFF_FFFF}");

    public void OnUndelivered(in Undelivered report) => Note($"undelivered {report.Count}");

    public int DoWork() => WhenWorking?.Invoke() ?? 0;

    public void OnStop() => Note("stop");

    private void Note(string call)
    {
        Calls.Add($"{Name}: {call}");
        When?.Invoke(call);
    }
}
