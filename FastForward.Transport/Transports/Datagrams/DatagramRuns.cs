using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Ip;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// Sends staged datagrams in runs that the kernel cuts apart (UDP_SEGMENT, udp(7), Linux 4.18): one way through the network
/// stack for many of them, which is where their time goes. A run has one destination, the same control messages and one
/// length; only its last datagram may be shorter.
/// </summary>
internal sealed unsafe class DatagramRuns : IDisposable
{
    /// <summary>Datagrams in a run: UDP_MAX_SEGMENTS of the kernel, before it was raised to 128.</summary>
    public const int LongestRun = 64;

    /// <summary>What fits into one UDP datagram over IPv4, which a run is until it is cut.</summary>
    public const int MostBytes = 65_507;

    private const int LargestBatch = 64;
    private const int ControlCapacity = ControlMessages.Capacity + 32;

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

    /// <summary>One sendmmsg(2) of what is staged.</summary>
    /// <returns>The number of datagrams that the kernel took; -1 with errno when it refused the first.</returns>
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

            // The device does not take them so long, or does not cut them at all (EIO). One by one it says what is wrong.
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
            int added = ControlMessages.WriteSegmentSize(
                control + message->Header.ControlLength,
                (ushort)message->Header.Vectors->Length
            );
            message->Header.Control = control;
            message->Header.ControlLength += (nuint)added;
            message->Header.Vectors = _vectors + first;
            message->Header.VectorCount = (nuint)length;
        }
    }

    /// <summary>How many datagrams from the first one on go into one run; their vectors are put beside each other.</summary>
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
