using FastForward.Transport.Loop;

namespace FastForward.Tests.Loop;

internal sealed class ScriptedFlush(Action whenFlushed) : ILoopFlush
{
    public void Flush() => whenFlushed();
}
