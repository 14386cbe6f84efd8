using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>Reads and writes control messages (cmsg(3)): struct cmsghdr, data, and padding to 8 bytes.</summary>
internal static unsafe class ControlMessage
{
    /// <summary>Finds a message by its level and type.</summary>
    /// <param name="control">All control messages of a datagram.</param>
    /// <param name="level">cmsg_level.</param>
    /// <param name="type">cmsg_type.</param>
    /// <param name="size">The bytes of data that it must have.</param>
    /// <returns>The first <paramref name="size"/> bytes of its data; empty when there is no such message.</returns>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> control, int level, int type, int size)
    {
        int head = sizeof(LibC.ControlHeader);
        while (control.Length >= head)
        {
            LibC.ControlHeader header = MemoryMarshal.Read<LibC.ControlHeader>(control);
            if (header.Length < (nuint)head || header.Length > (nuint)control.Length)
                break;
            if (header.Level == level && header.Type == type && header.Length >= (nuint)(head + size))
                return control.Slice(head, size);
            control = control[(int)Math.Min(Aligned(header.Length), (nuint)control.Length)..];
        }

        return default;
    }

    /// <summary>Writes a message to the start of <paramref name="target"/>.</summary>
    /// <returns>Bytes written, padding included (CMSG_SPACE).</returns>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short.</exception>
    public static int Write<T>(Span<byte> target, int level, int type, in T data)
        where T : unmanaged
    {
        LibC.ControlHeader header = new()
        {
            Length = (nuint)(sizeof(LibC.ControlHeader) + sizeof(T)),
            Level = level,
            Type = type,
        };
        int space = (int)Aligned(header.Length);
        target[..space].Clear(); // runs of datagrams are formed by comparing control messages, padding included
        MemoryMarshal.Write(target, header);
        MemoryMarshal.Write(target[sizeof(LibC.ControlHeader)..], data);
        return space;
    }

    // CMSG_ALIGN on 64-bit systems.
    private static nuint Aligned(nuint length) => (length + 7) & ~(nuint)7;
}
