using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>
/// Memory for secrets, in pages that hold nothing else: the garbage collector makes no copies of it, core dumps do not
/// contain it, and it is overwritten before it is given back, at the latest by the finalizer.
/// </summary>
/// <remarks>It is not locked: what may be locked is limited, and RDMA needs it.</remarks>
internal sealed unsafe class SecretMemory : SafeHandle
{
    private readonly int _length;

    /// <summary>Zeroed memory, aligned to 1024 bytes.</summary>
    public SecretMemory(int length)
        : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        _length = length;
        SetHandle(IsSlot ? SecretSlots.Take() : SecretSlots.Map(length));
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The memory, valid until this is disposed of, which is the duty of its owner.</summary>
    public Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return new Span<byte>((void*)handle, _length);
        }
    }

    /// <summary>The address of <see cref="Bytes"/>.</summary>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return (byte*)handle;
        }
    }

    private bool IsSlot => _length <= SecretSlots.Length;

    protected override bool ReleaseHandle()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>((void*)handle, _length));
        if (!IsSlot)
            return LibC.Unmap((void*)handle, (nuint)_length) == 0;
        SecretSlots.Return(handle);
        return true;
    }
}
