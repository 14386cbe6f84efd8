using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>A file descriptor, closed exactly once.</summary>
internal sealed class Descriptor : SafeHandle
{
    public Descriptor()
        : base(-1, ownsHandle: true) { }

    public Descriptor(int descriptor, bool ownsHandle = true)
        : base(-1, ownsHandle)
    {
        SetHandle(descriptor);
    }

    public override bool IsInvalid => handle == -1;

    /// <summary>
    /// The number, where a SafeHandle cannot be passed (epoll data, structures) and for the calls of the data path; -1
    /// when closed. The caller must keep this object open while the number is in use.
    /// </summary>
    public int Number => IsClosed ? -1 : (int)handle;

    protected override bool ReleaseHandle() => LibC.Close((int)handle) == 0;
}
