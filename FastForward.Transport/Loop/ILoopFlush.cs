namespace FastForward.Transport.Loop;

/// <summary>
/// Something that collects output during a duty cycle and sends it at the cycle's end, so that what was produced
/// together leaves together and nothing waits for the next cycle.
/// </summary>
public interface ILoopFlush
{
    /// <summary>Sends what was collected. Called once at the end of each duty cycle, on the loop thread.</summary>
    void Flush();
}
