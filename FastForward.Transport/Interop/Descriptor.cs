using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>A file descriptor that closes once.</summary>
internal sealed class Descriptor : SafeHandle
{
    public Descriptor()
        : base(-1, ownsHandle: true) { }

    public Descriptor(int descriptor)
        : this()
    {
        SetHandle(descriptor);
    }

    public override bool IsInvalid => handle == -1;

    /// <summary>
    /// The number, for a place that cannot take a SafeHandle (epoll data, a structure) and for the calls of the data path;
    /// -1 once closed. The caller keeps this object alive and open meanwhile.
    /// </summary>
    public int Number => IsClosed ? -1 : (int)handle;

    protected override bool ReleaseHandle() => LibC.Close((int)handle) == 0;
}
