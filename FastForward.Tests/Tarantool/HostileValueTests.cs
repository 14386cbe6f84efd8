using System.Buffers.Binary;
using Microsoft.Extensions.Time.Testing;
using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>Values that a hostile or broken server chooses so that reading them is expensive.</summary>
internal sealed class HostileValueTests
{
    private const int Keys = 20_000;
    private const int Limit = 1 << 20;

    private static IEnumerable<TestCaseData> KeyFamilies()
    {
        yield return Family("maps", key => Frames.Map((key, key)));
        yield return Family("maps_of_equal_keys", key => Frames.Map(("same", key)));
        yield return Family("maps_in_maps", key => Frames.Map((Frames.Map((1, key)), Frames.Map((2, 2)))));
        yield return Family("lists", key => TarantoolTuple.Create(1, TarantoolTuple.Create(key)));
        yield return Family("lists_that_differ_at_the_end", key => TarantoolTuple.Create([.. s_hundred, key]));
        yield return Family("integers_of_equal_halves", key => ((long)key << 32) | (uint)key);
        yield return Family("negative_integers", key => -1 - (((long)key << 32) | (uint)key));
        yield return Family("large_integers", key => ulong.MaxValue - (((ulong)key << 32) | (uint)key));
        yield return Family("numbers", key => BitConverter.Int64BitsToDouble(((long)key << 32) | (uint)key));
        yield return Family("binaries", key => (byte[])[.. new byte[100], (byte)(key >> 8), (byte)key, 0xff]);
        yield return Family(
            "extensions",
            key => new TarantoolExtension(9, (byte[])[.. new byte[101], (byte)(key >> 8), (byte)key])
        );
    }

    private static readonly TarantoolValue[] s_hundred = new TarantoolValue[100];

    [TestCaseSource(nameof(KeyFamilies))]
    public void Keys_of_a_map_do_not_collide(Func<int, TarantoolValue> make)
    {
        Dictionary<TarantoolValue, TarantoolValue> map = Enumerable
            .Range(0, Keys)
            .ToDictionary(make, static key => (TarantoolValue)key);
        byte[] body = Encode(Frames.Map((IprotoKey.Data, TarantoolTuple.Create(map))));
        IReadOnlyDictionary<TarantoolValue, TarantoolValue> read = BodyReader
            .Decode<ValuesDecoder<TarantoolTuple>, TarantoolTuple>(body, default)[0]
            .AsMap();

        Assert.That(read, Has.Count.EqualTo(Keys));
        Assert.That(read[make(7)], Is.EqualTo((TarantoolValue)7));
        Assert.That(read.Keys.Select(key => key.GetHashCode()).Distinct().Count(), Is.AtLeast(Keys - 10));
        Assert.That(
            read.Keys.All(key => map.TryGetValue(key, out TarantoolValue value) && value == read[key]),
            Is.True
        );
    }

    [Test]
    public void A_map_has_the_same_hash_code_whether_it_was_a_key_or_not_and_in_any_order()
    {
        TarantoolValue inner = Frames.Map((1, "a"), (2, "b"));
        TarantoolValue other = Frames.Map((2, "b"), (1, "a"));
        TarantoolReader reader = new(Encode(Frames.Map((inner, 1))));
        TarantoolValue key = reader.ReadAny().AsMap().Keys.Single();
        Assert.That(key, Is.EqualTo(inner).And.EqualTo(other));
        Assert.That(new[] { key.GetHashCode(), other.GetHashCode() }, Is.All.EqualTo(inner.GetHashCode()));
        Assert.That(key, Is.Not.EqualTo(Frames.Map((1, "a"), (2, "c"))));
    }

    [TestCase("nil", 0xc0)]
    [TestCase("empty list", 0x90)]
    [TestCase("empty map", 0x80)]
    [TestCase("list of one", 0x91, 0xc0)]
    [TestCase("map of one", 0x81, 0x01, 0xc0)]
    [TestCase("empty string", 0xa0)]
    [TestCase("string", 0xa1, 0x61)]
    [TestCase("empty binary", 0xc4, 0x00)]
    [TestCase("extension", 0xd4, 0x09, 0x00)]
    public void Values_take_no_more_memory_than_the_limit_of_a_response(string what, params int[] element)
    {
        byte[] bytes = [.. element.Select(static part => (byte)part)];
        byte[] body = ListOf(bytes, Limit / bytes.Length);
        AssertBounded<ValuesDecoder<TarantoolTuple>, TarantoolTuple>(body, what);
        AssertBounded<TuplesDecoder<TarantoolTuple>, TarantoolTuple[]>(body, what);
        AssertBounded<TuplesDecoder<Ignored>, Ignored[]>(body, what);
        AssertBounded<TuplesDecoder<Wide>, Wide[]>(body, what);
        AssertBounded<TuplesDecoder<OneText>, OneText[]>(body, what);
        AssertBounded<SqlDecoder, SqlResult>(body, what);
        AssertBounded<EventDecoder, (string, TarantoolValue)>([.. body], what);
        body[1] = IprotoKey.EventData;
        AssertBounded<EventDecoder, (string, TarantoolValue)>(body, what);
        body[1] = IprotoKey.ErrorStack;
        AssertBounded<ErrorDecoder, TarantoolServerException>(body, what);
        AssertBounded<ErrorDecoder, TarantoolServerException>(StackOf(bytes, Limit / bytes.Length), what);
        body[1] = IprotoKey.Metadata;
        AssertBounded<SqlDecoder, SqlResult>(body, what);
        body[1] = IprotoKey.Features;
        AssertBounded<IdDecoder, (int, IReadOnlySet<int>)>(body, what);
    }

    [TestCase(0xc0, 24)]
    [TestCase(0x90, 24)]
    public void A_long_error_stack_takes_no_more_memory_than_the_limit(byte element, int size)
    {
        // Just so many that the list itself is within the limit.
        byte[] body = StackOf([element], (Limit - 1024) / size);
        AssertBounded<ErrorDecoder, TarantoolServerException>(body, "stack");
        TarantoolServerException error = BodyReader.Decode<ErrorDecoder, TarantoolServerException>(
            body,
            default,
            Limit
        );
        Assert.That(error.ErrorStack, Has.Count.EqualTo(64));
    }

    [TestCase(0xc6)]
    [TestCase(0xdb)]
    public void A_long_error_text_takes_no_more_memory_than_the_limit(byte code)
    {
        byte[] body = new byte[7 + Limit - 1024];
        (body[0], body[1], body[2]) = (0x81, IprotoKey.ErrorText, code);
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(3), body.Length - 7);
        AssertBounded<ErrorDecoder, TarantoolServerException>(body, "text");
    }

    [Test]
    public async Task A_watch_survives_values_that_cannot_be_decoded()
    {
        CollectingLogger<TarantoolClient> logger = new();
        FakeTimeProvider time = new();
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await ExpectWatchAsync(session);
            await session.SendAsync(Event([.. Enumerable.Repeat((byte)0x91, 200), 0x01]));
            await ExpectWatchAsync(session);
            await session.SendAsync(Event([0xdc, 0x03, 0xff, .. Enumerable.Repeat((byte)0xc0, 1023)]));
            await ExpectWatchAsync(session);
            time.Advance(TimeSpan.FromSeconds(10));
            await session.SendAsync(Event([0xdc, 0x03, 0xff, .. Enumerable.Repeat((byte)0xc0, 1023)]));
            await ExpectWatchAsync(session);
            await session.SendAsync(Frames.Event("key", "sound"));
            await ExpectWatchAsync(session);
            FakeServer.Request call = await session.ReadAsync();
            await session.SendAsync(Frames.Ok(call.Sync, new TarantoolValue[600]));
            FakeServer.Request ping = await session.ReadAsync();
            await session.SendAsync(Frames.Done(ping.Sync));
            await session.HangAsync();
        });
        TarantoolClientOptions options = server.Options;
        options.MaxResponseSize = 8 * 1024;
        options.LoggerFactory = logger;
        options.TimeProvider = time;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        await using IAsyncEnumerator<TarantoolValue> watch = client.WatchAsync("key").GetAsyncEnumerator();
        Assert.That(await watch.MoveNextAsync().InTime(), Is.True);
        Assert.That(watch.Current.AsString(), Is.EqualTo("sound"));
        string[] reports = [.. logger.TextsOf(6009)];
        Assert.That(reports, Has.Length.EqualTo(2), "the second event within 10 s is only counted");
        Assert.That(reports[0], Does.Contain("watched key key").And.Contain("and 0 since the last report"));
        Assert.That(reports[1], Does.Contain("and 1 since the last report"));

        TarantoolDataException error = await client.CallAsync("f").AsTask().Fails<TarantoolDataException>();
        Assert.That(error.Message, Does.Contain(nameof(TarantoolClientOptions.MaxResponseSize)));
        await client.PingAsync().InTime();
    }

    private static TestCaseData Family(string name, Func<int, TarantoolValue> make) =>
        new TestCaseData(make).SetArgDisplayNames(name);

    private static async Task ExpectWatchAsync(FakeServer.Session session) =>
        Assert.That((await session.ReadAsync()).Type, Is.EqualTo(RequestType.Watch));

    /// <summary>An event of which the value is given in encoded form.</summary>
    private static byte[] Event(byte[] value)
    {
        byte[] frame = Frames.Event("key", TarantoolValue.Nil);
        byte[] changed = [.. frame[..^1], .. value];
        BinaryPrimitives.WriteUInt32BigEndian(changed.AsSpan(1), (uint)changed.Length - 5);
        return changed;
    }

    private static byte[] ListOf(byte[] element, int count)
    {
        byte[] body = new byte[2 + 5 + (element.Length * count)];
        body[0] = 0x81;
        body[1] = IprotoKey.Data;
        body[2] = 0xdd;
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(3), count);
        for (int i = 0; i < count; i++)
            element.CopyTo(body, 7 + (i * element.Length));
        return body;
    }

    /// <summary>An error response whose stack has the same element many times.</summary>
    private static byte[] StackOf(byte[] element, int count) =>
        [0x81, IprotoKey.ErrorStack, 0x81, 0x00, .. ListOf(element, count)[2..]];

    private static void AssertBounded<TDecoder, TResult>(byte[] body, string what)
        where TDecoder : struct, IResponseDecoder<TResult>
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            BodyReader.Decode<TDecoder, TResult>(body, default, Limit);
        }
        catch (TarantoolException)
        {
            // Either outcome is right, if it is cheap.
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(allocated, Is.LessThan(Limit + 65_536), $"{typeof(TDecoder)} of many: {what}");
    }

    private static byte[] Encode(TarantoolValue value)
    {
        using FrameBuffer buffer = new();
        TarantoolWriter writer = new(buffer);
        writer.Write(value);
        writer.Flush();
        return buffer.Span.ToArray();
    }

    private sealed record Ignored : ITarantoolTuple<Ignored>
    {
        public static Ignored Read(ref TarantoolReader reader) => new();

        public void Write(ref TarantoolWriter writer) { }
    }

    private readonly record struct Wide(Guid A, Guid B, Guid C, Guid D) : ITarantoolTuple<Wide>
    {
        public static Wide Read(ref TarantoolReader reader) => default;

        public void Write(ref TarantoolWriter writer) { }
    }

    private sealed record OneText(string Text) : ITarantoolTuple<OneText>
    {
        public static OneText Read(ref TarantoolReader reader) =>
            new(reader.FieldCount > 0 && reader.ReadValue().IsNil ? "nil" : "");

        public void Write(ref TarantoolWriter writer) => writer.Write(Text);
    }
}
