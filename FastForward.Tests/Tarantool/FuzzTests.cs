using System.Buffers;
using System.Text;
using CsCheck;
using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>For any input, the readers return a result or throw one of their documented exceptions.</summary>
internal sealed class FuzzTests
{
    private const int Iterations = 2_000;

    private static readonly Gen<TarantoolValue> s_values = Gen.Recursive<TarantoolValue>(
        (depth, nested) =>
            depth > 3
                ? Leaves()
                : Gen.OneOf(
                    Leaves(),
                    nested.Array[0, 5].Select(values => (TarantoolValue)TarantoolTuple.Create(values)),
                    Gen.Select(Leaves(), nested).Array[0, 5].Select(Map)
                )
    );

    [Test]
    public void Any_value_round_trips() =>
        s_values.Sample(
            value =>
            {
                byte[] bytes = Encode(value);
                TarantoolReader reader = new(bytes);
                TarantoolValue read = reader.ReadAny();
                if (!reader.End)
                    throw new InvalidOperationException("Unread bytes remain.");
                if (read != value || read.GetHashCode() != value.GetHashCode())
                    throw new InvalidOperationException($"{value} became {read}.");
            },
            iter: Iterations,
            writeLine: TestContext.Out.WriteLine
        );

    [Test]
    public void Decimals_round_trip() =>
        Gen.Decimal.Sample(
            value => Check(((TarantoolValue)value).AsDecimal() == value),
            iter: Iterations,
            writeLine: TestContext.Out.WriteLine
        );

    [Test]
    public void Dates_round_trip() =>
        Gen.Select(Gen.Long[DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks], Gen.Int[-840, 840])
            .Sample(
                (ticks, minutes) =>
                {
                    TimeSpan offset = TimeSpan.FromMinutes(minutes);
                    if (
                        ticks - offset.Ticks < DateTime.MinValue.Ticks
                        || ticks - offset.Ticks > DateTime.MaxValue.Ticks
                    )
                        return;
                    DateTimeOffset value = new(ticks, offset);
                    Check(((TarantoolValue)value).AsDateTimeOffset().EqualsExact(value));
                },
                iter: Iterations,
                writeLine: TestContext.Out.WriteLine
            );

    [Test]
    public void Random_bytes_as_a_body_end_in_a_typed_exception() =>
        Gen.Byte.Array[0, 200].Sample(BodyDecoding.EveryWay, iter: Iterations, writeLine: TestContext.Out.WriteLine);

    [Test]
    public void Valid_bodies_with_changed_bytes_end_in_a_result_or_a_typed_exception() =>
        Gen.Select(s_values, Gen.Select(Gen.Int[0, 1000], Gen.Byte).Array[1, 4], Gen.Int[0, 1000])
            .Sample(
                (value, changes, cut) =>
                {
                    byte[] bytes = Encode(Frames.Map((IprotoKey.Data, TarantoolTuple.Create(value, value))));
                    foreach ((int position, byte to) in changes)
                        bytes[position % bytes.Length] = to;
                    BodyDecoding.EveryWay(bytes);
                    BodyDecoding.EveryWay(bytes[..(cut % bytes.Length)]);
                },
                iter: Iterations,
                writeLine: TestContext.Out.WriteLine
            );

    [Test]
    public void Random_bytes_as_a_stream_end_in_frames_or_a_protocol_exception() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[1, 20])
            .Sample(
                (bytes, pieceSize) =>
                {
                    using FrameReader reader = new(1 << 16);
                    try
                    {
                        for (int offset = 0; offset < bytes.Length; offset += pieceSize)
                        {
                            ReadOnlySequence<byte> input = new(
                                bytes,
                                offset,
                                Math.Min(pieceSize, bytes.Length - offset)
                            );
                            while (reader.TryRead(ref input, out Frame frame))
                            {
                                try
                                {
                                    FrameHeader header = frame.ReadHeader();
                                    BodyDecoding.EveryWay(new Response(frame, header).Body.ToArray());
                                }
                                finally
                                {
                                    frame.Return();
                                }
                            }
                        }
                    }
                    catch (TarantoolProtocolException) { }
                },
                iter: Iterations,
                writeLine: TestContext.Out.WriteLine
            );

    [Test]
    public void Deep_nesting_is_rejected_before_the_stack_overflows([Values(0x91, 0x81)] int code)
    {
        byte[] bytes = new byte[1 << 20];
        Array.Fill(bytes, (byte)code);
        BodyDecoding.EveryWay([0x81, IprotoKey.Data, .. bytes]);
        BodyDecoding.EveryWay([0x81, 0x7f, .. bytes]);
    }

    [Test]
    public void A_list_header_beyond_the_available_bytes_allocates_nothing()
    {
        byte[] bytes = [0x81, IprotoKey.Data, 0xdd, 0x7f, 0xff, 0xff, 0xff, 1];
        BodyDecoding.EveryWay(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        BodyDecoding.EveryWay(bytes);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void Strings_that_are_not_utf8_are_read_as_binary()
    {
        TarantoolReader reader = new(new byte[] { 0xa2, 0xff, 0xfe });
        Assert.That(reader.ReadAny(), Is.EqualTo((TarantoolValue)new byte[] { 0xff, 0xfe }));
    }

    private static Gen<TarantoolValue> Leaves() =>
        Gen.OneOf(
            Gen.Const(TarantoolValue.Nil),
            Gen.Bool.Select(value => (TarantoolValue)value),
            Gen.Long.Select(value => (TarantoolValue)value),
            Gen.Int[-200, 300].Select(value => (TarantoolValue)value),
            Gen.ULong.Select(value => (TarantoolValue)value),
            Gen.Double.Select(value => (TarantoolValue)value),
            Gen.String.Select(value => (TarantoolValue)Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value))),
            Gen.Byte.Array[0, 300].Select(value => (TarantoolValue)value),
            Gen.Guid.Select(value => (TarantoolValue)value),
            Gen.Decimal.Select(value => (TarantoolValue)value),
            Gen.Select(Gen.SByte, Gen.Byte.Array[0, 40])
                .Select((type, data) => (TarantoolValue)new TarantoolExtension(type, data))
        );

    private static TarantoolValue Map((TarantoolValue Key, TarantoolValue Value)[] pairs)
    {
        Dictionary<TarantoolValue, TarantoolValue> map = new();
        foreach ((TarantoolValue key, TarantoolValue value) in pairs)
            map[key] = value;
        return map;
    }

    private static byte[] Encode(TarantoolValue value)
    {
        using FrameBuffer buffer = new();
        TarantoolWriter writer = new(buffer);
        writer.Write(value);
        writer.Flush();
        return buffer.Span.ToArray();
    }

    private static void Check(bool condition)
    {
        if (!condition)
            throw new InvalidOperationException("The value did not round-trip.");
    }
}
