using System.Buffers.Binary;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Rings;

/// <summary>
/// The second packet of the opening exchange where both sides have named the feature: 16 bytes, little-endian, magic
/// "FFrg" at 0, capacity of the ring (u32) at 4, and 8 bytes that are 0; with the descriptor of the memory (SCM_RIGHTS,
/// unix(7)) unless the capacity is 0, which says that the sender has none. See docs/protocol.md.
/// </summary>
internal static unsafe class RingOffer
{
    public const int Length = 16;

    private const uint Magic = 0x67724646; // "FFrg"

    /// <summary>Sends an offer.</summary>
    /// <param name="socket">A connected UNIX socket.</param>
    /// <param name="capacity">The capacity of the ring; 0 for none.</param>
    /// <param name="memory">Its descriptor; null for none.</param>
    /// <returns>0, or errno.</returns>
    public static int Send(Descriptor socket, int capacity, Descriptor? memory)
    {
        byte* packet = stackalloc byte[Length];
        Span<byte> content = new(packet, Length);
        content.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(content, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(content[4..], capacity);
        byte* control = stackalloc byte[32];
        LibC.IoVector vector = new() { Base = packet, Length = Length };
        LibC.MessageHeader message = new() { Vectors = &vector, VectorCount = 1 };
        if (memory is not null)
        {
            message.Control = control;
            message.ControlLength = (nuint)
                ControlMessage.Write(new Span<byte>(control, 32), LibC.SOL_SOCKET, LibC.SCM_RIGHTS, memory.Number);
            // The data without its padding, so that it is one descriptor and not two.
            ((LibC.ControlHeader*)control)->Length = (nuint)(sizeof(LibC.ControlHeader) + sizeof(int));
        }

        while (LibC.SendMessage(socket, &message, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL) < 0)
        {
            if (LibC.LastError != Errno.EINTR)
                return LibC.LastError;
        }

        return 0;
    }

    /// <summary>Receives an offer.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="capacity">The announced capacity; 0 for none.</param>
    /// <param name="memory">The descriptor, which the caller closes; null without a capacity.</param>
    /// <param name="fault">What is wrong with the packet.</param>
    /// <param name="error">
    /// errno, or 0 for the end of the connection, when there is no packet; with a packet, errno of the reason why its
    /// descriptor could not be received, or 0.
    /// </param>
    /// <returns>A packet was read, good or bad.</returns>
    public static bool TryReceive(
        Descriptor socket,
        out int capacity,
        out Descriptor? memory,
        out string? fault,
        out int error
    )
    {
        byte* packet = stackalloc byte[Length + 1];
        // Room for exactly one descriptor (CMSG_LEN, not CMSG_SPACE, which could hold two): the kernel closes others.
        byte* control = stackalloc byte[sizeof(LibC.ControlHeader) + sizeof(int)];
        LibC.IoVector vector = new() { Base = packet, Length = Length + 1 };
        LibC.MessageHeader message = new()
        {
            Vectors = &vector,
            VectorCount = 1,
            Control = control,
            ControlLength = (nuint)(sizeof(LibC.ControlHeader) + sizeof(int)),
        };
        capacity = 0;
        memory = null;
        fault = null;
        nint length;
        do
        {
            length = LibC.ReceiveMessage(socket, &message, LibC.MSG_DONTWAIT | LibC.MSG_CMSG_CLOEXEC);
            error = length < 0 ? LibC.LastError : 0;
        } while (error == Errno.EINTR);
        if (length < 0)
            return false;
        ReadOnlySpan<byte> data = ControlMessage.Find(
            new ReadOnlySpan<byte>(control, (int)message.ControlLength),
            LibC.SOL_SOCKET,
            LibC.SCM_RIGHTS,
            sizeof(int)
        );
        if (!data.IsEmpty)
            memory = new Descriptor(BinaryPrimitives.ReadInt32LittleEndian(data));
        bool isCut = (message.Flags & LibC.MSG_CTRUNC) != 0;
        if (length == 0 && memory is null)
            return false;
        if (isCut && memory is null)
            error = Errno.EMFILE; // the kernel says no more than that there was no room
        else
            fault = FindFault(new ReadOnlySpan<byte>(packet, (int)length), isCut, memory, out capacity);
        if (error == 0 && fault is null)
            return true;
        ForeignFile.Close(memory);
        memory = null;
        return true;
    }

    private static string? FindFault(ReadOnlySpan<byte> packet, bool isCut, Descriptor? memory, out int capacity)
    {
        capacity = 0;
        if (packet.Length != Length || BinaryPrimitives.ReadUInt32LittleEndian(packet) != Magic)
            return "the second packet offers no ring";
        if (isCut)
            return "the ring came with more than one descriptor";
        uint announced = BinaryPrimitives.ReadUInt32LittleEndian(packet[4..]);
        capacity = (int)Math.Min(announced, int.MaxValue);
        return (capacity > 0, memory is not null) switch
        {
            (true, false) => "the ring came without a descriptor",
            (false, true) => "a descriptor came without a ring",
            _ => null,
        };
    }
}
