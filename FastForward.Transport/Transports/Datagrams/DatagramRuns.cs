using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// Sends staged datagrams in runs that the kernel cuts apart (UDP_SEGMENT, udp(7), Linux 4.18): many datagrams pass the
/// network stack once, which is where most of the time is spent. The datagrams of a run have the same destination,
/// control messages and length; only the last one may be shorter.
/// </summary>
internal sealed unsafe class DatagramRuns : IDisposable
{
    /// <summary>Datagrams in a run: UDP_MAX_SEGMENTS (linux/udp.h) before it was raised to 128.</summary>
    public const int LongestRun = 64;

    /// <summary>
    /// The bytes of a run, which is one datagram until it is cut: 65535 less the IPv4 (20) and UDP (8) headers.
    /// </summary>
    public const int MostBytes = 65_507;

    private const int LargestBatch = 64;
    private const int ControlCapacity = DatagramSlot.ControlCapacity + 32;

    private readonly int[] _frames = new int[LargestBatch];
    private LibC.BatchedMessage* _messages = (LibC.BatchedMessage*)
        NativeMemory.AlignedAlloc((nuint)(sizeof(LibC.BatchedMessage) * LargestBatch), 64);
    private LibC.IoVector* _vectors = (LibC.IoVector*)
        NativeMemory.AlignedAlloc((nuint)(sizeof(LibC.IoVector) * DatagramSendBatch.Slots), 64);
    private byte* _controls = (byte*)NativeMemory.AlignedAlloc(ControlCapacity * LargestBatch, 64);
    private int _count;
    private int _single;
    private bool _isOff;

    /// <summary>Runs of more than one datagram that the kernel took.</summary>
    public long Sent { get; private set; }

    /// <summary>Sends staged datagrams with one sendmmsg(2), as runs where possible.</summary>
    /// <returns>The number of datagrams that the kernel took; -1 with errno when it refused the first one.</returns>
    public int Send(Descriptor socket, LibC.BatchedMessage* staged, int count, int flags)
    {
        while (true)
        {
            Gather(staged, count);
            int sent =
                _count == 1
                    ? LibC.SendMessage(socket, &_messages->Header, flags) < 0
                        ? -1
                        : 1
                    : LibC.SendMessages(socket, _messages, (uint)_count, flags);
            if (sent > 0)
                return Took(sent);
            if (_frames[0] == 1 || LibC.LastError is not (Errno.EINVAL or Errno.EMSGSIZE or Errno.EIO))
                return -1;

            // The device does not take runs of this length, or does not cut them at all (EIO). Sent one by one, each
            // datagram succeeds or gets its own error.
            _single = _frames[0];
            _isOff |= LibC.LastError == Errno.EIO;
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_messages);
        NativeMemory.AlignedFree(_vectors);
        NativeMemory.AlignedFree(_controls);
        _messages = null;
        _vectors = null;
        _controls = null;
    }

    private int Took(int messages)
    {
        int frames = 0;
        for (int i = 0; i < messages; i++)
        {
            frames += _frames[i];
            if (_frames[i] > 1)
                Sent++;
        }

        _single = Math.Max(_single - frames, 0);
        return frames;
    }

    private void Gather(LibC.BatchedMessage* staged, int count)
    {
        _count = 0;
        for (int first = 0; first < count && _count < LargestBatch; first += _frames[_count++])
        {
            LibC.BatchedMessage* message = _messages + _count;
            *message = staged[first];
            int length = _isOff || first < _single ? 1 : RunFrom(staged + first, count - first, _vectors + first);
            _frames[_count] = length;
            if (length == 1)
                continue;
            byte* control = _controls + (_count * ControlCapacity);
            Buffer.MemoryCopy(message->Header.Control, control, ControlCapacity, (long)message->Header.ControlLength);
            int used = (int)message->Header.ControlLength;
            int added = ControlMessage.Write(
                new Span<byte>(control + used, ControlCapacity - used),
                LibC.SOL_UDP,
                LibC.UDP_SEGMENT,
                (ushort)message->Header.Vectors->Length
            );
            message->Header.Control = control;
            message->Header.ControlLength += (nuint)added;
            message->Header.Vectors = _vectors + first;
            message->Header.VectorCount = (nuint)length;
        }
    }

    /// <summary>Counts the datagrams that form a run with the first one, and gathers their vectors.</summary>
    private static int RunFrom(LibC.BatchedMessage* first, int count, LibC.IoVector* vectors)
    {
        nuint size = first->Header.Vectors->Length,
            total = size;
        vectors[0] = *first->Header.Vectors;
        int length = 1;
        while (length < Math.Min(count, LongestRun))
        {
            LibC.MessageHeader* next = &first[length].Header;
            nuint bytes = next->Vectors->Length;
            if (bytes > size || total + bytes > MostBytes || !CanCoalesce(&first->Header, next))
                break;
            vectors[length++] = *next->Vectors;
            total += bytes;
            if (bytes < size)
                break;
        }

        return length;
    }

    private static bool CanCoalesce(LibC.MessageHeader* one, LibC.MessageHeader* other) =>
        new ReadOnlySpan<byte>(one->Name, (int)one->NameLength).SequenceEqual(
            new ReadOnlySpan<byte>(other->Name, (int)other->NameLength)
        )
        && new ReadOnlySpan<byte>(one->Control, (int)one->ControlLength).SequenceEqual(
            new ReadOnlySpan<byte>(other->Control, (int)other->ControlLength)
        );
}
