using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// An object that a native library allocated: destroyed exactly once, and before those that it was made of, whose
/// destruction waits for it.
/// </summary>
internal abstract class NativeObject : SafeHandle
{
    private readonly SafeHandle[] _parents;

    /// <param name="pointer">The object; 0 when it could not be made.</param>
    /// <param name="parents">The objects that must outlive it.</param>
    protected NativeObject(nint pointer, params SafeHandle[] parents)
        : base(0, ownsHandle: true)
    {
        _parents = pointer == 0 ? [] : parents;
        foreach (SafeHandle parent in _parents)
        {
            bool isHeld = false;
            parent.DangerousAddRef(ref isHeld);
        }

        SetHandle(pointer);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>
    /// The object, for native calls: valid until this handle is disposed of, which is the duty of its owner.
    /// </summary>
    public nint Pointer => IsClosed ? 0 : handle;

    /// <summary>Destroys the object.</summary>
    /// <returns>0, or errno.</returns>
    protected abstract int Destroy();

    protected sealed override bool ReleaseHandle()
    {
        bool isDestroyed = Destroy() == 0;
        foreach (SafeHandle parent in _parents)
            parent.DangerousRelease();
        return isDestroyed;
    }
}
