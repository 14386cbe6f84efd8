using System.Buffers;
using System.Net;
using CsCheck;
using Tarantool.Client;
using Tarantool.Client.Connection;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>The byte stream may be split anywhere, with frames of any content.</summary>
internal sealed class SplitTests
{
    private const int MaxFrameSize = 1 << 20;

    [Test]
    public void Every_split_of_the_stream_in_two_gives_the_same_frames()
    {
        byte[][] frames = SampleFrames();
        byte[] stream = [.. frames.SelectMany(frame => frame)];
        for (int cut = 0; cut <= stream.Length; cut++)
            AssertFrames(frames, stream[..cut], stream[cut..]);
    }

    [Test]
    public void Every_split_of_a_short_stream_in_three_gives_the_same_frames()
    {
        byte[][] frames = [Frames.Done(1), [0x01, 0x80], Frames.Ok(2, "abc"), [0xcd, 0, 2, 0x81, 0x00]];
        byte[] stream = [.. frames.SelectMany(frame => frame)];
        for (int first = 0; first <= stream.Length; first++)
        {
            for (int second = first; second <= stream.Length; second++)
                AssertFrames(frames, stream[..first], stream[first..second], stream[second..]);
        }
    }

    [Test]
    public void Byte_by_byte_gives_the_same_frames()
    {
        byte[][] frames = SampleFrames();
        AssertFrames(frames, [.. frames.SelectMany(frame => frame).Select(b => new[] { b })]);
    }

    [Test]
    public void Random_frames_in_random_pieces_of_random_segments_are_read()
    {
        Gen<byte[][]> frames = Gen.Byte.Array[1, 300].Select(Prefixed).Array[0, 20];
        Gen.Select(frames, Gen.Int[1, 50].Array[1, 50])
            .Sample(
                (all, sizes) =>
                {
                    byte[] stream = [.. all.SelectMany(frame => frame)];
                    List<byte[]> pieces = new();
                    for (int offset = 0, i = 0; offset < stream.Length; i++)
                    {
                        int size = Math.Min(sizes[i % sizes.Length], stream.Length - offset);
                        pieces.Add(stream[offset..(offset + size)]);
                        offset += size;
                    }

                    AssertFrames(all, [.. pieces]);
                },
                iter: 2000,
                writeLine: TestContext.Out.WriteLine
            );
    }

    [Test]
    public async Task A_connection_reads_greeting_and_responses_split_anywhere()
    {
        byte[] answer = Frames.Ok(2, "value", 42, TarantoolTuple.Create(1, 2, 3));
        int longest = Math.Max(Frames.Greeting.Length, answer.Length);
        for (int cut = 0; cut <= longest; cut++)
        {
            using ClientContext context = new(
                new TarantoolClientOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 1)] }
            );
            await using ScriptedStream stream = new();
            stream.Give(Frames.Greeting, Math.Min(cut, Frames.Greeting.Length));
            Task<TarantoolConnection> opening = TarantoolConnection
                .OpenAsync(
                    context,
                    context.Options.EndPoints[0],
                    stream,
                    new WatchRegistry(),
                    static _ => { },
                    CancellationToken.None
                )
                .AsTask();
            await stream.WrittenAsync();
            byte[] id = Frames.Id(1);
            stream.Give(id, Math.Min(cut, id.Length));
            await using TarantoolConnection connection = await opening.InTime();
            Assert.That(connection.Server.SupportsWatch, Is.True);

            Task<TarantoolTuple> call = connection
                .RequestAsync<TextBody, ValuesDecoder<TarantoolTuple>, TarantoolTuple>(
                    new TextBody(RequestType.Call, "f", []),
                    default,
                    default,
                    long.MaxValue,
                    null,
                    CancellationToken.None
                )
                .AsTask();
            await stream.WrittenAsync();
            stream.Give(answer, Math.Min(cut, answer.Length));
            Assert.That(
                await call.InTime(),
                Is.EqualTo(TarantoolTuple.Create("value", 42, TarantoolTuple.Create(1, 2, 3)))
            );
        }
    }

    [Test]
    public async Task A_connection_cut_off_anywhere_fails_its_request_once()
    {
        byte[] answer = Frames.Ok(2, "value");
        for (int cut = 0; cut < answer.Length; cut++)
        {
            using ClientContext context = new(
                new TarantoolClientOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 1)] }
            );
            await using ScriptedStream stream = new();
            stream.Give(Frames.Greeting);
            Task<TarantoolConnection> opening = TarantoolConnection
                .OpenAsync(
                    context,
                    context.Options.EndPoints[0],
                    stream,
                    new WatchRegistry(),
                    static _ => { },
                    CancellationToken.None
                )
                .AsTask();
            await stream.WrittenAsync();
            stream.Give(Frames.Id(1));
            await using TarantoolConnection connection = await opening.InTime();
            Task<TarantoolTuple> call = connection
                .RequestAsync<TextBody, ValuesDecoder<TarantoolTuple>, TarantoolTuple>(
                    new TextBody(RequestType.Call, "f", []),
                    default,
                    default,
                    long.MaxValue,
                    null,
                    CancellationToken.None
                )
                .AsTask();
            await stream.WrittenAsync();
            stream.Give(answer[..cut]);
            stream.End();
            TarantoolConnectionException error = await call.Fails<TarantoolConnectionException>();
            Assert.That(error.MayHaveExecuted, Is.True);
            Assert.That(error.Message, Does.Contain(cut == 0 ? "closed the connection." : "in the middle of a frame"));
        }
    }

    [TestCase(new byte[] { 0x00 }, "0 bytes")]
    [TestCase(new byte[] { 0x80 }, "0x80")]
    [TestCase(new byte[] { 0xff }, "0xff")]
    [TestCase(new byte[] { 0xd2, 0, 0, 0, 1 }, "0xd2")]
    [TestCase(new byte[] { 0xce, 0xff, 0xff, 0xff, 0xff }, "4294967295")]
    [TestCase(new byte[] { 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, "18446744073709551615")]
    public void An_invalid_frame_size_is_rejected(byte[] bytes, string expected)
    {
        using FrameReader reader = new(MaxFrameSize);
        ReadOnlySequence<byte> input = new(bytes);
        TarantoolProtocolException? error = Assert.Throws<TarantoolProtocolException>(() =>
            reader.TryRead(ref input, out _)
        );
        Assert.That(error!.Message, Does.Contain(expected));
    }

    private static byte[][] SampleFrames() =>
        [
            Frames.Done(1),
            Frames.Ok(2, new string('x', 300)),
            Frames.Error(3, 32, "text"),
            Frames.Push(4, 5),
            Frames.Event("k", 1),
            [0x01, 0x80],
            [0xcc, 1, 0x80],
            [0xcd, 0, 1, 0x80],
            [0xcf, 0, 0, 0, 0, 0, 0, 0, 1, 0x80],
        ];

    private static byte[] Prefixed(byte[] body) => [0xce, 0, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static void AssertFrames(byte[][] expected, params byte[][] pieces)
    {
        using FrameReader reader = new(MaxFrameSize);
        List<byte[]> found = new();
        foreach (byte[] piece in pieces)
        {
            ReadOnlySequence<byte> input = new(piece);
            while (reader.TryRead(ref input, out Frame frame))
            {
                found.Add(frame.Memory.ToArray());
                frame.Return();
            }

            if (!input.IsEmpty)
                Assert.Fail("The reader did not consume all bytes.");
        }

        if (reader.IsMidFrame || found.Count != expected.Length)
            Assert.Fail($"Expected {expected.Length} frames, but found {found.Count}.");
        for (int i = 0; i < expected.Length; i++)
        {
            if (!found[i].AsSpan().SequenceEqual(expected[i].AsSpan(expected[i].Length - found[i].Length)))
                Assert.Fail($"Frame {i} differs.");
        }
    }
}
