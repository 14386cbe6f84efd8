using FastForward.Benchmarks.CrossProcess.Contestants;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>One way, as fast as flow control allows.</summary>
internal sealed class Flood(IEndpoint endpoint, int size, Phase phase) : ClientWorkload(endpoint, size, phase)
{
    private const int Batch = 1024;

    protected override void OnStart(long now) => Due = now;

    protected override void OnTurn()
    {
        if (Clock.Now >= End)
        {
            RequestCount();
            return;
        }

        MessageHeader header = new(0, MessageKind.Count, Phase);
        for (int i = 0; i < Batch; i++)
        {
            if (!TrySend(1, header))
            {
                Due = End; // or when there is room
                return;
            }

            Sent++;
        }
    }

    protected override void OnRoom() => Due = 0;
}
