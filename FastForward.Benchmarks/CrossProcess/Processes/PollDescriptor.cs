using System.Runtime.InteropServices;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary><c>struct pollfd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor(int descriptor, short events)
{
    public int Descriptor = descriptor;
    public short Events = events;
    public short Returned;
}
