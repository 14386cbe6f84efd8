using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Datagrams;

namespace FastForward.Tests.Transports;

/// <summary>
/// Frames that are kept while the kernel has no room. UDP over loopback never runs out of room, so the batch is tested
/// over a UNIX datagram socket, whose receive queue is short.
/// </summary>
public sealed unsafe class DatagramSendBatchTests
{
    [Test]
    public void Frames_that_the_kernel_does_not_accept_stay_in_order()
    {
        byte[] address = new byte[20];
        address[0] = LibC.AF_UNIX;
        // An abstract name (unix(7)), which needs no file.
        System.Text.Encoding.ASCII.GetBytes($"ff{Environment.ProcessId}", address.AsSpan(3));
        using Descriptor receiver = new(
            LibC.Socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0)
        );
        using Descriptor sender = new(
            LibC.Socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0)
        );
        fixed (byte* bytes = address)
            Assert.That(LibC.Bind(receiver, bytes, (uint)address.Length), Is.Zero);

        using DatagramSendBatch batch = new(1200);
        int staged = 0;
        int received = 0;
        int pushedBack = 0;
        byte* buffer = stackalloc byte[64];
        while (received < 2_000)
        {
            while (staged < 2_000 && batch.Claim() is var slot and >= 0)
            {
                BitConverter.TryWriteBytes(batch.Frame(slot, sizeof(int)), staged++);
                batch.Stage(slot, sizeof(int), address, default);
            }

            while (batch.Staged > 0)
            {
                int sent = batch.Send(sender);
                if (sent > 0)
                {
                    Assert.That(batch.Release(sent), Is.EqualTo(sent * sizeof(int)));
                    continue;
                }

                Assert.That(LibC.LastError, Is.EqualTo(Errno.EAGAIN));
                pushedBack++;
                break;
            }

            // Read less than was sent, so that the used part of the array moves and is compacted.
            int before = received;
            for (int i = 0; i < 7 && LibC.Receive(receiver, buffer, 64, LibC.MSG_DONTWAIT) == sizeof(int); i++)
                Assert.That(*(int*)buffer, Is.EqualTo(received++), "order");
            Assert.That(received, Is.GreaterThan(before), "it goes on");
        }

        Assert.That(pushedBack, Is.GreaterThan(100), "the queue did fill");
    }
}
