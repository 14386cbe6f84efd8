using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>The server: echoes, counts, and records one-way times.</summary>
internal sealed class ServerWorkload(IEndpoint endpoint, int size, Action<ServerWorkload> report)
    : Workload(endpoint, size)
{
    private Phase _phase;
    private long _arrived;
    private long _handled;
    private bool _reported;

    /// <summary>Messages handled so far; any thread may read it.</summary>
    public long Handled => Volatile.Read(ref _handled);

    public override void OnMessage(ReadOnlySpan<byte> message)
    {
        MessageHeader header = MessageHeader.Read(message);
        if (header.Phase < _phase)
            return;
        if (header.Phase > _phase)
        {
            _phase = header.Phase;
            _arrived = 0;
        }

        Volatile.Write(ref _handled, _handled + 1);
        switch (header.Kind)
        {
            case MessageKind.Echo:
                TrySend(1, header); // if there is no room, the message is lost and the client counts it
                break;
            case MessageKind.Count:
                _arrived++;
                break;
            case MessageKind.Timed:
                _arrived++;
                if (_phase == Phase.Measurement)
                    Record(Clock.Now - header.Time);
                break;
            case MessageKind.End:
                TrySend(1, header with { Time = _arrived }); // if there is no room, the client asks again
                if (_phase != Phase.Measurement || _reported)
                    break;
                _reported = true;
                report(this);
                break;
        }
    }
}
