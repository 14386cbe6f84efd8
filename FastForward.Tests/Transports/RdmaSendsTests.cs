using System.Buffers.Binary;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Rdma;

namespace FastForward.Tests.Transports;

/// <summary>Work requests and the ring of memory, with a device that only records what is posted.</summary>
[NonParallelizable]
public sealed unsafe class RdmaSendsTests
{
    private const int Depth = 40;
    private const int RingLength = 4096;
    private const int Reserve = RdmaSizes.Reserve;
    private const uint LocalKey = 77;
    private const ulong Owner = 5UL << 32;

    private static readonly List<Posted> s_posted = [];
    private static readonly List<int> s_calls = [];

    private byte* _ring;
    private IbVerbs.Context* _context;
    private IbVerbs.QueuePair* _queuePair;
    private RdmaSends _sends = null!;

    private sealed record Posted(ulong Id, int Entries, int Operation, int Flags, nint Start, int Length, uint Key)
    {
        /// <summary>What the memory holds now: a device may read it until the completion.</summary>
        public byte[] Bytes => new ReadOnlySpan<byte>((void*)Start, Length).ToArray();
    }

    [SetUp]
    public void SetUp()
    {
        s_posted.Clear();
        s_calls.Clear();
        _ring = (byte*)NativeMemory.AlignedAlloc(RingLength, 64);
        _context = (IbVerbs.Context*)NativeMemory.AllocZeroed((nuint)sizeof(IbVerbs.Context));
        _context->PostSend = (delegate* unmanaged<void*, IbVerbs.SendRequest*, void*, int>)&Record;
        _queuePair = (IbVerbs.QueuePair*)NativeMemory.AllocZeroed((nuint)sizeof(IbVerbs.QueuePair));
        _queuePair->Context = _context;
        _sends = new RdmaSends(_ring, RingLength, LocalKey, Depth, Owner) { InlineBytes = 64 };
    }

    [TearDown]
    public void TearDown()
    {
        _sends.Dispose();
        NativeMemory.Free(_queuePair);
        NativeMemory.Free(_context);
        NativeMemory.AlignedFree(_ring);
    }

    [Test]
    public void Staged_frames_are_posted_by_one_call_with_one_entry_each()
    {
        for (int i = 1; i <= 5; i++)
            Stage(Frame(i * 20, i));
        Assert.That(_sends.Post(_queuePair, prefix: 9, out int count), Is.Zero);
        Assert.That(count, Is.EqualTo(5));
        Assert.That(s_calls, Is.EqualTo(new[] { 5 }));
        for (int i = 1; i <= 5; i++)
        {
            Posted posted = s_posted[i - 1];
            Assert.That(posted.Entries, Is.EqualTo(1), "some devices send only the first entry inline");
            Assert.That(posted.Operation, Is.EqualTo(IbVerbs.IBV_WR_SEND));
            Assert.That(posted.Key, Is.EqualTo(LocalKey));
            Assert.That(posted.Id, Is.EqualTo(Owner | RdmaWorkId.Send | (uint)(i - 1)));
            Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(posted.Bytes), Is.EqualTo(9));
            Assert.That(posted.Bytes[RdmaSizes.PrefixLength..], Is.EqualTo(Frame(i * 20, i)));
            Assert.That(
                (posted.Flags & IbVerbs.IBV_SEND_INLINE) != 0,
                Is.EqualTo(RdmaSizes.PrefixLength + (i * 20) <= 64),
                "what is short goes inline"
            );
        }
    }

    [Test]
    public void One_of_sixteen_asks_for_a_completion_and_frees_those_before_it()
    {
        int staged = 0;
        while (_sends.TryClaim(8, Reserve))
        {
            _sends.Stage(8, signal: false);
            staged++;
        }

        Assert.That(staged, Is.EqualTo(Depth - Reserve), "the rest is for notices");
        _sends.Post(_queuePair, 0, out _);
        int[] signalled =
        [
            .. Enumerable.Range(0, staged).Where(i => (s_posted[i].Flags & IbVerbs.IBV_SEND_SIGNALED) != 0),
        ];
        Assert.That(signalled, Is.EqualTo(new[] { 15, 31 }));
        Assert.That(_sends.Outstanding, Is.EqualTo(37));
        _sends.Completed(15);
        Assert.That(_sends.Outstanding, Is.EqualTo(21));
        Assert.That(_sends.TryClaim(8, Reserve), Is.True);
        _sends.Completed(15);
        Assert.That(_sends.Outstanding, Is.EqualTo(21), "a completion that repeats an old number frees nothing");
    }

    [Test]
    public void A_quarter_of_the_ring_asks_for_a_completion_too()
    {
        Stage(Frame(500, 1));
        Stage(Frame(500, 2));
        Stage(Frame(500, 3));
        _sends.Post(_queuePair, 0, out _);
        Assert.That(
            s_posted.Select(static posted => (posted.Flags & IbVerbs.IBV_SEND_SIGNALED) != 0),
            Is.EqualTo(new[] { false, true, false })
        );
        Assert.That(_sends.HasUnsignalledTail, Is.True);
    }

    [Test]
    public void Frames_of_any_size_survive_the_wrap_of_the_ring()
    {
        Random random = new(TestContext.CurrentContext.Random.Next());
        Queue<byte[]> expected = new();
        int next = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] frame = Frame(random.Next(1, 900), i);
            if (_sends.TryClaim(frame.Length, Reserve))
            {
                frame.CopyTo(_sends.Claimed(frame.Length));
                _sends.Stage(frame.Length, signal: false);
                expected.Enqueue(frame);
            }
            else
            {
                Assert.That(s_posted.Count > 0 || _sends.HasStaged, Is.True, "a ring without frames has room for any");
            }

            if (random.Next(3) == 0 && _sends.HasStaged)
                _sends.Post(_queuePair, 0, out _);
            if (random.Next(4) != 0)
                continue;

            // The memory must be unchanged until a completion frees it.
            if (_sends.HasStaged)
                _sends.Post(_queuePair, 0, out _);
            int last = s_posted.FindLastIndex(static posted => (posted.Flags & IbVerbs.IBV_SEND_SIGNALED) != 0);
            if (last < 0)
                continue;
            for (int sent = 0; sent <= last; sent++)
                Assert.That(s_posted[sent].Bytes[RdmaSizes.PrefixLength..], Is.EqualTo(expected.Dequeue()));
            _sends.Completed((ushort)s_posted[last].Id);
            next += last + 1;
            s_posted.RemoveRange(0, last + 1);
        }

        Assert.That(next, Is.GreaterThan(5_000));
    }

    private void Stage(byte[] frame)
    {
        Assert.That(_sends.TryClaim(frame.Length, Reserve), Is.True);
        frame.CopyTo(_sends.Claimed(frame.Length));
        _sends.Stage(frame.Length, signal: false);
    }

    private static byte[] Frame(int length, int seed)
    {
        byte[] frame = new byte[length];
        new Random(seed).NextBytes(frame);
        return frame;
    }

    [UnmanagedCallersOnly]
    private static int Record(void* queuePair, IbVerbs.SendRequest* first, void* bad)
    {
        int count = 0;
        for (IbVerbs.SendRequest* request = first; request != null; request = request->Next)
        {
            count++;
            s_posted.Add(
                new Posted(
                    request->Id,
                    request->EntryCount,
                    request->Operation,
                    request->Flags,
                    (nint)request->Entries->Address,
                    (int)request->Entries->Length,
                    request->Entries->LocalKey
                )
            );
        }

        s_calls.Add(count);
        return 0;
    }
}
